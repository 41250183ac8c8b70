"""S3 through a gateway and a core in processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from tests.client import sign_in
from tests.object_store.s3.conftest import S3, client_of, s3_of
from tests.processes import server


@pytest_asyncio.fixture
async def remote(tmp_path: Path) -> AsyncIterator[S3]:
    """S3 of a cloud in two processes."""
    address = f"unix:{tmp_path / 'core.sock'}"
    with (
        server("core", "--address", address, "--services", "object_store", state=tmp_path) as (_, _line),
        server("gateway", "--core", address, "--port", "0", "--services", "object_store", state=tmp_path) as (_, line),
    ):
        async with aiohttp.ClientSession() as session:
            yield await s3_of(await sign_in(session, line.split(" at ")[1].split(",")[0], "demo"))


async def test_bytes_and_refusals(remote: S3) -> None:
    await remote("create_bucket", Bucket="first")
    await remote("put_object", Bucket="first", Key="k", Body=b"bytes" * 100_000, Metadata={"a": "1"})
    got = await remote("get_object", Bucket="first", Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"bytes" * 100_000, {"a": "1"})
    upload = (await remote("create_multipart_upload", Bucket="first", Key="large"))["UploadId"]
    asked = {"Bucket": "first", "Key": "large", "UploadId": upload}
    part = await remote("upload_part", **asked, PartNumber=1, Body=b"part")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    made = await remote("complete_multipart_upload", **asked, MultipartUpload={"Parts": parts})
    assert (await remote("head_object", Bucket="first", Key="large"))["ETag"] == made["ETag"]
    await remote.refused("NoSuchKey", "get_object", Bucket="first", Key="gone")


async def test_a_body_that_is_not_what_it_says(remote: S3) -> None:
    """Nothing of it is stored, and the refusal is S3's."""
    await remote("create_bucket", Bucket="first")
    wrong = {"Bucket": "first", "Key": "k", "Body": b"bytes" * 100_000}
    error = await remote.refused("BadDigest", "put_object", **wrong, ChecksumSHA256="A" * 43 + "=")
    assert error["Message"] == "The SHA256 you specified did not match the calculated checksum."
    await remote.refused("BadDigest", "put_object", **wrong, ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    await remote.refused("NoSuchKey", "get_object", Bucket="first", Key="k")


async def test_a_wrong_secret(remote: S3) -> None:
    wrong = client_of(remote.endpoint, remote.access, "wrong")
    await wrong.refused("SignatureDoesNotMatch", "list_buckets")
