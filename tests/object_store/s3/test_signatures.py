"""Signatures: both versions, in the header and in the address, and what a wrong one is told."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from mopenstack.object_store.v1 import signed_requests_pb2, signed_requests_pb2_grpc
from tests.client import User
from tests.conftest import Cloud
from tests.object_store.s3.conftest import S3, client_of, s3_of

VERSIONS = ("s3", "s3v4")


@pytest.mark.parametrize("version", VERSIONS)
async def test_both_versions(demo: User, version: str) -> None:
    s3 = await s3_of(demo, signature_version=version)
    await s3("create_bucket", Bucket="first")
    await s3("put_object", Bucket="first", Key="a b/ü+?", Body=b"x", Metadata={"a": "b  c"})
    assert (await s3("get_object", Bucket="first", Key="a b/ü+?"))["Body"].read() == b"x"
    wrong = client_of(s3.endpoint, s3.access, "wrong", signature_version=version)
    error = await wrong.refused("SignatureDoesNotMatch", "list_buckets")
    assert error["AWSAccessKeyId"] == s3.access
    assert error["StringToSign"]
    unknown = client_of(s3.endpoint, "unknown", s3.secret, signature_version=version)
    await unknown.refused("SignatureDoesNotMatch", "list_buckets")


@pytest.mark.parametrize("version", VERSIONS)
async def test_addresses_that_are_signed_beforehand(demo: User, cloud: Cloud, version: str) -> None:
    s3 = await s3_of(demo, signature_version=version)
    await s3("create_bucket", Bucket="first")
    named = {"Bucket": "first", "Key": "k"}
    put = await s3("generate_presigned_url", ClientMethod="put_object", Params=named, ExpiresIn=60)
    get = await s3("generate_presigned_url", ClientMethod="get_object", Params=named, ExpiresIn=60)
    async with demo.session.put(put, data=b"by address", skip_auto_headers=["Content-Type"]) as answer:
        assert answer.status == 200, await answer.text()
    async with demo.session.get(get) as answer:
        assert await answer.read() == b"by address"
    async with demo.session.delete(get) as answer:
        assert (answer.status, "SignatureDoesNotMatch" in await answer.text()) == (403, True)
    await _advance(cloud, 120)
    async with demo.session.get(get) as answer:
        assert (answer.status, "Request has expired" in await answer.text()) == (403, True)


async def _advance(cloud: Cloud, seconds: int) -> None:
    admin = User(cloud.session, cloud.serving.url)
    (await admin.post("_mopenstack", f"/clouds/{cloud.name}/clock/advance", {"seconds": seconds})).ok()


async def test_a_clock_that_is_too_far_away(s3: S3, cloud: Cloud) -> None:
    await _advance(cloud, 16 * 60)
    await s3.refused("RequestTimeTooSkewed", "list_buckets")


async def test_a_region_that_is_another_one(demo: User, s3: S3) -> None:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3.endpoint, aws_access_key_id=s3.access, aws_secret_access_key=s3.secret,
        region_name="eu-west-1",
    )  # fmt: skip
    error = await S3(client, s3.access, s3.secret, s3.endpoint).refused("AuthorizationHeaderMalformed", "list_buckets")
    assert error["Message"] == (
        "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'"
    )


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({"Authorization": "AWS x:y"}, "", "AccessDenied"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, "", "AccessDenied"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/d/e"}, "", "AccessDenied"),
        ({}, "?AWSAccessKeyId=x", "AccessDenied"),
        ({}, "?AWSAccessKeyId=x&Expires=nan&Signature=y", "AccessDenied"),
        ({}, "?X-Amz-Credential=x", "AccessDenied"),
        ({}, "?X-Amz-Credential=x&X-Amz-Expires=many", "AuthorizationQueryParametersError"),
        ({}, f"?X-Amz-Credential=x&X-Amz-Expires={'9' * 5000}", "AuthorizationQueryParametersError"),
        ({}, "?X-Amz-Credential=x&X-Amz-Expires=60&X-Amz-Date=99999999T999999Z", "AccessDenied"),
        ({"Authorization": "AWS x:y", "X-Amz-Date": "Tue, 27 Mar 2007 19:36:42 +0000"}, "", "RequestTimeTooSkewed"),
    ],
)  # fmt: skip
async def test_what_is_no_signature(cloud: Cloud, headers: dict[str, str], query: str, code: str) -> None:
    async with cloud.session.get(f"{cloud.url}/object-store/{query}", headers=headers) as answer:
        text = await answer.text()
    assert answer.status in (400, 403)
    assert f"<Code>{code}</Code>" in text


async def test_a_user_of_tempauth(cloud: Cloud) -> None:
    """The access key is account and user, as in Swift's sample configuration."""
    s3 = await asyncio.to_thread(client_of, f"{cloud.url}/object-store", "test:tester", "testing")
    await s3("create_bucket", Bucket="first")
    await s3("put_object", Bucket="first", Key="k", Body=b"x")
    assert (await s3("list_buckets"))["Owner"]["ID"] == "test:tester"
    wrong = await asyncio.to_thread(client_of, s3.endpoint, "test:tester", "wrong")
    await wrong.refused("SignatureDoesNotMatch", "list_buckets")
    reader = await asyncio.to_thread(client_of, s3.endpoint, "test:tester3", "testing3")
    await reader.refused("AccessDenied", "get_object", Bucket="first", Key="k")


async def test_the_bucket_in_the_host(s3: S3, bucket: str, demo: User) -> None:
    """`bucket.s3.localhost`, in both versions' canonical forms."""
    from botocore.auth import HmacV1Auth, S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    await s3("put_object", Bucket=bucket, Key="k", Body=b"hosted")
    host, prefix = f"{bucket}.s3.localhost:1234", s3.endpoint.split("/", 3)[3]
    credentials = Credentials(s3.access, s3.secret)
    for signed in (S3SigV4Auth(credentials, "s3", "us-east-1"), HmacV1Auth(credentials)):
        request = AWSRequest("GET", f"http://{host}/{prefix}/k", headers={"Host": host})
        request.auth_path = f"/{bucket}/k"
        signed.add_auth(request)
        async with demo.session.get(f"{s3.endpoint}/k", headers=dict(request.headers)) as answer:
            assert (await answer.read(), answer.status) == (b"hosted", 200)


async def test_who_signed_is_told_to_gateways_alone(cloud: Cloud) -> None:
    """Else the holder of one signed address had the token of who signed it."""
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        stub: Any = signed_requests_pb2_grpc.SignedRequestsStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.CheckSignature(signed_requests_pb2.SignedRequest(access="a", text=b"t", signature="s"))
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
