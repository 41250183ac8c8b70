"""S3's own access lists, where an operator has them kept and obeyed."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from tests.conftest import Cloud
from tests.object_store.s3.conftest import S3, client_of

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"


async def _user(cloud: Cloud, name: str, key: str) -> S3:
    return await asyncio.to_thread(client_of, f"{cloud.url}/object-store", f"test:{name}", key)


@pytest_asyncio.fixture
async def owner(cloud: Cloud) -> S3:
    """A user who owns the account, with a bucket and an object in it."""
    await cloud.set_options(object_store__s3_acl="true")
    s3 = await _user(cloud, "tester", "testing")
    await s3("create_bucket", Bucket="first")
    await s3("put_object", Bucket="first", Key="k", Body=b"x")
    return s3


@pytest_asyncio.fixture
async def other(cloud: Cloud, owner: S3) -> S3:
    """A user of the same account who owns nothing."""
    return await _user(cloud, "tester3", "testing3")


async def test_buckets_are_their_owners(cloud: Cloud, owner: S3, other: S3) -> None:
    second = await _user(cloud, "tester2", "testing2")
    await second("create_bucket", Bucket="second")
    for user, names in ((owner, ["first"]), (second, ["second"]), (other, [])):
        assert [found["Name"] for found in (await user("list_buckets"))["Buckets"]] == names
    await second.refused("BucketAlreadyExists", "create_bucket", Bucket="first")
    await owner.refused("BucketAlreadyOwnedByYou", "create_bucket", Bucket="first")
    await other.refused("AccessDenied", "create_bucket", Bucket="third")
    await second.refused("AccessDenied", "list_objects_v2", Bucket="first")
    await second.refused("AccessDenied", "delete_bucket", Bucket="first")


async def test_what_a_bucket_lets_others_do(owner: S3, other: S3) -> None:
    await other.refused("AccessDenied", "list_objects_v2", Bucket="first")
    await owner("put_bucket_acl", Bucket="first", ACL="public-read")
    assert (await other("list_objects_v2", Bucket="first"))["KeyCount"] == 1
    await other.refused("AccessDenied", "put_object", Bucket="first", Key="mine", Body=b"y")
    await other.refused("AccessDenied", "get_object", Bucket="first", Key="k")
    await owner("put_bucket_acl", Bucket="first", GrantWrite='id="test:tester3"')
    made = {"Bucket": "first", "Key": "mine"}
    await other("put_object", **made, Body=b"y")
    assert (await other("get_object", **made))["Body"].read() == b"y"
    await owner.refused("AccessDenied", "get_object", **made)
    upload = (await other("create_multipart_upload", **made))["UploadId"]
    part = await other("upload_part", **made, UploadId=upload, PartNumber=1, Body=b"z")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    await other("complete_multipart_upload", **made, UploadId=upload, MultipartUpload=parts)
    assert (await other("get_object_acl", **made))["Owner"]["ID"] == "test:tester3"
    await other.refused("AccessDenied", "get_bucket_acl", Bucket="first")


async def test_what_an_object_lets_others_do(owner: S3, other: S3) -> None:
    named = {"Bucket": "first", "Key": "k"}
    await owner("put_object_acl", **named, ACL="public-read")
    assert (await other("get_object", **named))["Body"].read() == b"x"
    await other.refused("AccessDenied", "put_object_acl", **named, ACL="public-read")
    shown = await owner("get_object_acl", **named)
    assert [(grant["Grantee"].get("URI"), grant["Permission"]) for grant in shown["Grants"]] == [
        (ALL, "READ"),
        (None, "FULL_CONTROL"),
    ]
    grants = [{"Grantee": {"Type": "CanonicalUser", "ID": "test:tester3"}, "Permission": "READ_ACP"}]
    policy = {"Owner": {"ID": "test:tester"}, "Grants": grants}
    await owner("put_object_acl", **named, AccessControlPolicy=policy)
    assert (await other("get_object_acl", **named))["Owner"]["ID"] == "test:tester"
    await other.refused("AccessDenied", "get_object", **named)
    stolen = {"Owner": {"ID": "test:tester3"}, "Grants": grants}
    await owner.refused("AccessDenied", "put_object_acl", **named, AccessControlPolicy=stolen)
    await owner.refused("InvalidArgument", "put_object_acl", **named, ACL="nonsense")
    await owner.refused("InvalidArgument", "put_object_acl", **named, GrantRead="uri=http://nowhere")
