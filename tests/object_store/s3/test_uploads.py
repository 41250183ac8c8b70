"""Uploads in parts."""

from __future__ import annotations

import hashlib

from tests.client import User
from tests.object_store.s3.conftest import S3

PART = b"0123456789abcdef" * (5 * 1024 * 64)
"""The least that a part which is not the last one may be: 5 MiB."""


async def _begin(s3: S3, bucket: str, key: str = "large") -> str:
    begun = await s3("create_multipart_upload", Bucket=bucket, Key=key, ContentType="text/large", Metadata={"a": "1"})
    return str(begun["UploadId"])


async def _part(s3: S3, bucket: str, upload: str, number: int, body: bytes) -> dict[str, object]:
    made = await s3("upload_part", Bucket=bucket, Key="large", UploadId=upload, PartNumber=number, Body=body)
    return {"PartNumber": number, "ETag": made["ETag"]}


async def test_an_upload_becomes_a_large_object(s3: S3, bucket: str, demo: User) -> None:
    upload = await _begin(s3, bucket)
    parts = [await _part(s3, bucket, upload, number, body) for number, body in ((1, PART), (2, b"end"))]
    listed = await s3("list_parts", Bucket=bucket, Key="large", UploadId=upload)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(1, len(PART)), (2, 3)]
    under_way = await s3("list_multipart_uploads", Bucket=bucket)
    assert [(one["Key"], one["UploadId"]) for one in under_way["Uploads"]] == [("large", upload)]
    asked = {"Bucket": bucket, "Key": "large", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    made = await s3("complete_multipart_upload", **asked)
    digests = b"".join(hashlib.md5(body, usedforsecurity=False).digest() for body in (PART, b"end"))
    assert made["ETag"] == f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-2"'
    assert (await s3("complete_multipart_upload", **asked))["ETag"] == made["ETag"]
    head = await s3("head_object", Bucket=bucket, Key="large", IfMatch=made["ETag"])
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (len(PART) + 3, "text/large", {"a": "1"})
    assert (await s3("list_objects_v2", Bucket=bucket))["Contents"][0]["ETag"] == made["ETag"]
    last = await s3("get_object", Bucket=bucket, Key="large", PartNumber=2)
    assert (last["Body"].read(), last["PartsCount"]) == (b"end", 2)
    seen = await demo.send("HEAD", "object-store", f"/v1/AUTH_{demo.project_id}/{bucket}/large")
    assert seen.headers["X-Static-Large-Object"] == "True"
    assert not [name for name in seen.headers if "sysmeta" in name.lower()]
    await s3("delete_object", Bucket=bucket, Key="large")
    segments = await demo.get("object-store", f"/v1/AUTH_{demo.project_id}/{bucket}+segments")
    assert segments.body == []


async def test_an_upload_is_given_up(s3: S3, bucket: str, demo: User) -> None:
    upload = await _begin(s3, bucket)
    await _part(s3, bucket, upload, 1, b"some")
    await s3("abort_multipart_upload", Bucket=bucket, Key="large", UploadId=upload)
    await s3.refused("NoSuchUpload", "list_parts", Bucket=bucket, Key="large", UploadId=upload)
    assert "Uploads" not in await s3("list_multipart_uploads", Bucket=bucket)
    await s3("delete_bucket", Bucket=bucket)
    listed = await demo.get("object-store", f"/v1/AUTH_{demo.project_id}")
    assert listed.body == []


async def test_parts_that_are_not_right(s3: S3, bucket: str) -> None:
    upload = await _begin(s3, bucket)
    one, two = [await _part(s3, bucket, upload, number, b"small") for number in (1, 2)]
    asked = {"Bucket": bucket, "Key": "large", "UploadId": upload}

    async def refused(code: str, *parts: dict[str, object]) -> None:
        await s3.refused(code, "complete_multipart_upload", **asked, MultipartUpload={"Parts": list(parts)})

    await refused("EntityTooSmall", one, two)
    await refused("InvalidPartOrder", two, one)
    await refused("InvalidPart", {**one, "ETag": "0" * 32})
    await refused("InvalidPart", {**one, "PartNumber": 7})
    await refused("MalformedXML")
    error = await s3.refused("InvalidArgument", "upload_part", **asked, PartNumber=1001, Body=b"")
    assert error["Message"] == "Part number must be an integer between 1 and 1000, inclusive"
    await s3.refused("NoSuchUpload", "upload_part", **{**asked, "UploadId": "none"}, PartNumber=1, Body=b"")


async def test_a_part_is_copied(s3: S3, bucket: str) -> None:
    await s3("put_object", Bucket=bucket, Key="source", Body=b"0123456789")
    upload = await _begin(s3, bucket)
    asked = {"Bucket": bucket, "Key": "large", "UploadId": upload}
    source = {"Bucket": bucket, "Key": "source"}
    made = await s3("upload_part_copy", **asked, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-4")
    parts = [{"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}]
    await s3("complete_multipart_upload", **asked, MultipartUpload={"Parts": parts})
    assert (await s3("get_object", Bucket=bucket, Key="large"))["Body"].read() == b"234"
    upload = await _begin(s3, bucket)
    asked["UploadId"] = upload
    await s3.refused(
        "InvalidArgument", "upload_part_copy", **asked, PartNumber=1, CopySource=source, CopySourceRange="bytes=20-"
    )
