"""Objects of S3: the same bytes as Swift's."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.client import User
from tests.object_store.s3.conftest import S3


async def test_an_object_is_swifts_too(s3: S3, bucket: str, demo: User) -> None:
    made = await s3("put_object", Bucket=bucket, Key="a/b c", Body=b"hello", Metadata={"name": "value"})
    assert made["ETag"] == f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'
    path = f"/v1/AUTH_{demo.project_id}/{bucket}/a/b%20c"
    found = await demo.get("object-store", path)
    assert (found.content, found.headers["X-Object-Meta-Name"]) == (b"hello", "value")
    (await demo.put("object-store", path, data=b"changed")).ok(201)
    got = await s3("get_object", Bucket=bucket, Key="a/b c")
    assert got["Body"].read() == b"changed"


async def test_headers_and_metadata_come_back(s3: S3, bucket: str) -> None:
    told: dict[str, Any] = {
        "ContentType": "text/x", "CacheControl": "no-cache", "ContentDisposition": "inline", "ContentEncoding": "x",
        "ContentLanguage": "de", "Metadata": {"a_b": "1", "a-b": "2"},
    }  # fmt: skip
    await s3("put_object", Bucket=bucket, Key="k", Body=b"0123456789", **told)
    head = await s3("head_object", Bucket=bucket, Key="k")
    assert {name: head[name] for name in told} == told
    part = await s3("get_object", Bucket=bucket, Key="k", Range="bytes=2-4", ResponseContentType="text/y")
    assert (part["Body"].read(), part["ContentRange"], part["ContentType"]) == (b"234", "bytes 2-4/10", "text/y")
    await s3.refused("InvalidRange", "get_object", Bucket=bucket, Key="k", Range="bytes=100-")


async def test_copies(s3: S3, bucket: str) -> None:
    await s3("put_object", Bucket=bucket, Key="k", Body=b"bytes", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "k"}
    await s3("copy_object", Bucket=bucket, Key="same", CopySource=source)
    assert (await s3("head_object", Bucket=bucket, Key="same"))["Metadata"] == {"a": "1"}
    await s3(
        "copy_object", Bucket=bucket, Key="other", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"}
    )
    assert (await s3("head_object", Bucket=bucket, Key="other"))["Metadata"] == {"b": "2"}
    await s3.refused("InvalidRequest", "copy_object", Bucket=bucket, Key="k", CopySource=source)
    await s3.refused(
        "PreconditionFailed", "copy_object", Bucket=bucket, Key="x", CopySource=source, CopySourceIfMatch="0" * 32
    )
    await s3.refused("NoSuchKey", "copy_object", Bucket=bucket, Key="x", CopySource={"Bucket": bucket, "Key": "gone"})


async def test_lists(s3: S3, bucket: str) -> None:
    keys = ["a", "b/1", "b/2", "c&<", "ä"]
    for key in keys:
        await s3("put_object", Bucket=bucket, Key=key, Body=key.encode())
    whole = await s3("list_objects_v2", Bucket=bucket)
    assert [entry["Key"] for entry in whole["Contents"]] == keys
    assert (whole["KeyCount"], whole["IsTruncated"]) == (5, False)
    first = await s3("list_objects_v2", Bucket=bucket, Delimiter="/", MaxKeys=2, FetchOwner=True)
    assert [entry["Prefix"] for entry in first["CommonPrefixes"]] == ["b/"]
    assert first["Contents"][0]["Owner"]["ID"] == "demo:demo"
    rest = await s3("list_objects_v2", Bucket=bucket, ContinuationToken=first["NextContinuationToken"], Delimiter="/")
    assert [entry["Key"] for entry in rest["Contents"]] == ["c&<", "ä"]
    old = await s3("list_objects", Bucket=bucket, Marker="b/1", Prefix="b")
    assert [entry["Key"] for entry in old["Contents"]] == ["b/2"]
    error = await s3.refused("InvalidArgument", "list_objects_v2", Bucket=bucket, ContinuationToken="?")
    assert error["Message"] == "The continuation token provided is incorrect"


async def test_many_are_deleted_at_once(s3: S3, bucket: str) -> None:
    for key in ("1", "2"):
        await s3("put_object", Bucket=bucket, Key=key)
    named = [{"Key": key} for key in ("1", "2", "never was")]
    answer = await s3("delete_objects", Bucket=bucket, Delete={"Objects": named})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == ["1", "2", "never was"]
    assert "Contents" not in await s3("list_objects_v2", Bucket=bucket)
    too_many = [{"Key": str(number)} for number in range(1001)]
    await s3.refused("MalformedXML", "delete_objects", Bucket=bucket, Delete={"Objects": too_many})


async def test_conditional_writes(s3: S3, bucket: str) -> None:
    """What a lock is made of: only the first of those that make it is successful."""
    await s3("put_object", Bucket=bucket, Key="lock", Body=b"mine", IfNoneMatch="*")
    await s3.refused("PreconditionFailed", "put_object", Bucket=bucket, Key="lock", Body=b"yours", IfNoneMatch="*")
    error = await s3.refused("NotImplemented", "put_object", Bucket=bucket, Key="lock", Body=b"", IfMatch='"x"')
    assert error["Message"] == "Conditional object PUTs are not supported."
    assert (await s3("get_object", Bucket=bucket, Key="lock"))["Body"].read() == b"mine"


async def test_what_is_not_there(s3: S3, bucket: str) -> None:
    error = await s3.refused("NoSuchKey", "get_object", Bucket=bucket, Key="gone")
    assert (error["Message"], error["Key"]) == ("The specified key does not exist.", "gone")
    error = await s3.refused("NoSuchBucket", "get_object", Bucket="other", Key="gone")
    assert error["BucketName"] == "other"
    await s3("delete_object", Bucket=bucket, Key="gone")
    await s3.refused("NoSuchBucket", "delete_object", Bucket="other", Key="gone")


async def test_buckets(s3: S3, bucket: str) -> None:
    assert [found["Name"] for found in (await s3("list_buckets"))["Buckets"]] == [bucket]
    await s3.refused("BucketAlreadyOwnedByYou", "create_bucket", Bucket=bucket)
    await s3.refused("InvalidBucketName", "create_bucket", Bucket="No_Bucket")
    elsewhere = {"LocationConstraint": "eu-west-1"}
    await s3.refused("InvalidLocationConstraint", "create_bucket", Bucket="second", CreateBucketConfiguration=elsewhere)
    assert (await s3("get_bucket_location", Bucket=bucket))["LocationConstraint"] is None
    assert (await s3("get_object_tagging", Bucket=bucket, Key="k"))["TagSet"] == []
    await s3.refused("ObjectLockConfigurationNotFoundError", "get_object_lock_configuration", Bucket=bucket)
    await s3.refused("NotImplemented", "get_bucket_policy", Bucket=bucket)
    await s3("put_object", Bucket=bucket, Key="k")
    await s3.refused("BucketNotEmpty", "delete_bucket", Bucket=bucket)
    await s3("delete_object", Bucket=bucket, Key="k")
    await s3("delete_bucket", Bucket=bucket)
    assert (await s3("list_buckets"))["Buckets"] == []
