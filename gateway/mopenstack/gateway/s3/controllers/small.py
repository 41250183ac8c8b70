"""Sub-resources of buckets that are little: location, logging, versioning, tagging, object lock, access lists."""

from __future__ import annotations

from urllib.parse import quote

from mopenstack.gateway.s3 import access_lists, acl, documents
from mopenstack.gateway.s3.controllers import Handler, of_bucket
from mopenstack.gateway.s3.errors import S3Error, not_implemented
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.request import REGION
from mopenstack.gateway.s3.responses import S3Answer, document
from mopenstack.gateway.s3.signatures import encoded
from mopenstack.gateway.s3.xml import Element, add

VERSIONING_BYTES_MAX = 10_240
ACL_BYTES_MAX = 200 * 1024
_NOT_SERVED = "The requested resource is not implemented"


async def _location(exchange: Exchange) -> S3Answer:
    of_bucket(exchange)
    await exchange.swift("HEAD")
    root = Element("LocationConstraint")
    if REGION != "us-east-1":
        root.text = REGION
    return document(root)


# -- logging


def _no_key(exchange: Exchange) -> None:
    if not exchange.request.is_bucket:
        raise S3Error("NoLoggingStatusForKey")


async def _show_logging(exchange: Exchange) -> S3Answer:
    _no_key(exchange)
    await exchange.swift("HEAD")
    return document(Element("BucketLoggingStatus"))


async def _set_logging(exchange: Exchange) -> S3Answer:
    _no_key(exchange)
    raise not_implemented()


# -- versioning


async def _show_versioning(exchange: Exchange) -> S3Answer:
    of_bucket(exchange)
    kept = (await exchange.bucket()).get("X-Versions-Enabled")
    root = Element("VersioningConfiguration")
    if kept:
        add(root, "Status", "Enabled" if kept.lower() == "true" else "Suspended")
    return document(root, "")


async def _set_versioning(exchange: Exchange) -> S3Answer:
    of_bucket(exchange)
    body = await exchange.xml(VERSIONING_BYTES_MAX)
    try:
        status = documents.text_of(documents.parse(body, "VersioningConfiguration"), "./Status")
    except documents.Malformed:
        status = None
    if status is None:
        raise S3Error("MalformedXML")
    exchange.headers["X-Versions-Enabled"] = "true" if status.strip() == "Enabled" else "false"
    await exchange.swift("POST")
    return S3Answer()


# -- tagging, object lock


async def _show_tagging(exchange: Exchange) -> S3Answer:
    root = Element("Tagging")
    add(root, "TagSet")
    return document(root, "")


async def _not_served(exchange: Exchange) -> S3Answer:
    raise not_implemented(_NOT_SERVED)


async def _show_lock(exchange: Exchange) -> S3Answer:
    raise S3Error("ObjectLockConfigurationNotFoundError", bucket_name=exchange.request.bucket)


# -- access lists


async def _show_acl(exchange: Exchange) -> S3Answer:
    await exchange.swift("HEAD")
    return document(acl.policy(exchange.owner), "text/plain")


async def _set_acl(exchange: Exchange) -> S3Answer:
    if exchange.request.is_object:
        raise not_implemented()
    body = await exchange.xml(ACL_BYTES_MAX)
    canned = "x-amz-acl" in exchange.headers
    if canned and body:
        raise S3Error("UnexpectedContent")
    if not canned and not body:
        raise S3Error("MissingSecurityHeader", missing_header_name="x-amz-acl")
    if body:
        exchange.headers.update(acl.of_document(body))
    answer = (await exchange.swift("POST")).as_answer(200)
    answer.headers["Location"] = exchange.request.bucket
    return answer


# -- access lists where the cloud keeps S3's own


async def _show_list(exchange: Exchange) -> S3Answer:
    response = await exchange.swift("HEAD")
    return document(access_lists.read(response.system.get("acl")).document(), "")


async def _set_list(exchange: Exchange) -> S3Answer:
    request = exchange.request
    if request.is_object:
        place = {"X-Copy-From": quote(encoded(f"/{request.bucket}/{request.key}"))}
        await exchange.swift("PUT", headers=place)
    else:
        await exchange.swift("POST")
    return S3Answer()


LOCATION: dict[str, Handler] = {"GET": _location}
LOGGING: dict[str, Handler] = {"GET": _show_logging, "PUT": _set_logging}
VERSIONING: dict[str, Handler] = {"GET": _show_versioning, "PUT": _set_versioning}
TAGGING: dict[str, Handler] = {"GET": _show_tagging, "PUT": _not_served, "DELETE": _not_served}
OBJECT_LOCK: dict[str, Handler] = {"GET": _show_lock, "PUT": _not_served}
ACL: dict[str, Handler] = {"GET": _show_acl, "PUT": _set_acl}
S3_ACL: dict[str, Handler] = {"GET": _show_list, "PUT": _set_list}
