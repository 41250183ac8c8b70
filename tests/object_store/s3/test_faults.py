"""Faults of object storage as clients of S3 see them: S3's own codes, and the header that names the rule."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, IncompleteReadError
from botocore.exceptions import HTTPClientError as BrokenOff

from tests.admin.test_faults import add
from tests.conftest import Cloud
from tests.object_store.s3.conftest import S3


@pytest.mark.parametrize(
    ("rule", "code"),
    [({"status": 503}, "ServiceUnavailable"), ({"status": 498}, "SlowDown"), ({"status": 500}, "InternalError")],
    ids=str,
)
async def test_the_codes_of_s3(rule: dict[str, Any], code: str, cloud: Cloud, s3: S3, bucket: str) -> None:
    id = await add(cloud, operation="PutObject", service="object-store", **rule)
    with pytest.raises(ClientError) as refused:
        await s3("put_object", Bucket=bucket, Key="k", Body=b"bytes")
    answer = refused.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-mopenstack-fault"].split(",")[-1] == id


async def test_connections_that_end(cloud: Cloud, s3: S3, bucket: str) -> None:
    await s3("put_object", Bucket=bucket, Key="k", Body=b"0123456789")
    await add(cloud, operation="GetObject", service="object-store", effect="drop")
    with pytest.raises((ConnectionClosedError, EndpointConnectionError, BrokenOff)):
        await s3("get_object", Bucket=bucket, Key="k")
    (await cloud.admin_api.delete("_mopenstack", f"/clouds/{cloud.name}/faults")).ok(204)
    await add(cloud, operation="GetObject", service="object-store", effect="truncate", times=1)
    with pytest.raises((IncompleteReadError, BrokenOff)):
        (await s3("get_object", Bucket=bucket, Key="k"))["Body"].read()
    assert (await s3("get_object", Bucket=bucket, Key="k"))["Body"].read() == b"0123456789"
