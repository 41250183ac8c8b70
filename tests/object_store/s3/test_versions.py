"""Versions of objects, and access lists of buckets."""

from __future__ import annotations

from tests.client import User
from tests.object_store.s3.conftest import S3


async def test_versions(s3: S3, bucket: str) -> None:
    assert "Status" not in await s3("get_bucket_versioning", Bucket=bucket)
    await s3("put_object", Bucket=bucket, Key="k", Body=b"before")
    await s3("put_bucket_versioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert (await s3("get_bucket_versioning", Bucket=bucket))["Status"] == "Enabled"
    made = await s3("put_object", Bucket=bucket, Key="k", Body=b"after")
    gone = await s3("delete_object", Bucket=bucket, Key="k")
    await s3.refused("NoSuchKey", "get_object", Bucket=bucket, Key="k")
    listed = await s3("list_object_versions", Bucket=bucket)
    assert [one["VersionId"] for one in listed["DeleteMarkers"]] == [gone["VersionId"]]
    versions = [(one["VersionId"], one["IsLatest"]) for one in listed["Versions"]]
    assert [version for version, _ in versions][:1] == [made["VersionId"]]
    assert [latest for _, latest in versions] == [False, False]
    old = await s3("get_object", Bucket=bucket, Key="k", VersionId=versions[1][0])
    assert old["Body"].read() == b"before"
    await s3("delete_object", Bucket=bucket, Key="k", VersionId=gone["VersionId"])
    assert (await s3("get_object", Bucket=bucket, Key="k"))["Body"].read() == b"after"
    await s3.refused("BucketNotEmpty", "delete_bucket", Bucket=bucket)
    named = [{"Key": "k", "VersionId": version} for version, _ in versions]
    await s3("delete_objects", Bucket=bucket, Delete={"Objects": named})
    await s3("delete_bucket", Bucket=bucket)


async def test_a_version_of_a_bucket_that_keeps_none(s3: S3, bucket: str) -> None:
    version = "1700000000.00000"
    error = await s3.refused("NoSuchVersion", "get_object", Bucket=bucket, Key="k", VersionId=version)
    assert (error["Key"], error["VersionId"]) == ("k", version)


async def test_canned_access_lists(s3: S3, bucket: str, demo: User) -> None:
    await s3("put_object", Bucket=bucket, Key="k", Body=b"public")
    anonymous = User(demo.session, demo.url)
    path = f"/v1/AUTH_{demo.project_id}/{bucket}/k"
    assert (await anonymous.get("object-store", path)).status == 401
    await s3("put_bucket_acl", Bucket=bucket, ACL="public-read")
    assert (await anonymous.get("object-store", path)).content == b"public"
    shown = await s3("get_bucket_acl", Bucket=bucket)
    assert shown["Owner"]["ID"] == "demo:demo"
    assert shown["Grants"][0]["Permission"] == "FULL_CONTROL"
    await s3("put_bucket_acl", Bucket=bucket, ACL="private")
    assert (await anonymous.get("object-store", path)).status == 401
    await s3.refused("NotImplemented", "put_bucket_acl", Bucket=bucket, ACL="authenticated-read")
    await s3.refused("NotImplemented", "put_object_acl", Bucket=bucket, Key="k", ACL="public-read")


async def test_a_public_bucket_has_public_parts(s3: S3, bucket: str, demo: User) -> None:
    """The container of the parts has the bucket's access lists: what was uploaded in parts is as public as the rest."""
    await s3("put_bucket_acl", Bucket=bucket, ACL="public-read")
    upload = (await s3("create_multipart_upload", Bucket=bucket, Key="large"))["UploadId"]
    asked = {"Bucket": bucket, "Key": "large", "UploadId": upload}
    part = await s3("upload_part", **asked, PartNumber=1, Body=b"public")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    await s3("complete_multipart_upload", **asked, MultipartUpload={"Parts": parts})
    anonymous = User(demo.session, demo.url)
    path = f"/v1/AUTH_{demo.project_id}/{bucket}/large"
    assert (await anonymous.get("object-store", path)).content == b"public"


async def test_an_access_list_as_a_document(s3: S3, bucket: str, demo: User) -> None:
    owner = {"ID": "demo:demo"}
    everyone = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    grants = [
        {"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"},
        {"Grantee": everyone, "Permission": "READ"},
    ]
    await s3("put_bucket_acl", Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": grants})
    anonymous = User(demo.session, demo.url)
    assert (await anonymous.get("object-store", f"/v1/AUTH_{demo.project_id}/{bucket}")).status == 200
    wrong = [{"Grantee": everyone, "Permission": "WRITE_ACP"}]
    await s3.refused(
        "MalformedACLError", "put_bucket_acl", Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": wrong}
    )
