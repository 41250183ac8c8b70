"""The buckets of an account."""

from __future__ import annotations

import json

from mopenstack.gateway.s3.controllers import Handler
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.recognition import is_bucket_name
from mopenstack.gateway.s3.responses import S3Answer, document
from mopenstack.gateway.s3.xml import Element, add

RESOURCE = "SERVICE"
CREATED = "2009-02-03T16:45:09.000Z"
"""What s3api tells of every bucket: Swift does not keep when a container was made."""


async def _list(exchange: Exchange) -> S3Answer:
    response = await exchange.swift("GET", "", "", query={"format": "json"})
    found = json.loads(await response.answer.read() or b"[]")
    root = Element("ListAllMyBucketsResult")
    owner = add(root, "Owner")
    add(owner, "ID", exchange.owner)
    add(owner, "DisplayName", exchange.owner)
    buckets = add(root, "Buckets")
    for container in found:
        if is_bucket_name(container["name"]) and await _is_shown(exchange, container["name"]):
            bucket = add(buckets, "Bucket")
            add(bucket, "Name", container["name"])
            add(bucket, "CreationDate", CREATED)
    return document(root)


async def _is_shown(exchange: Exchange, name: str) -> bool:
    """Where the cloud keeps S3's access lists, users see their own buckets alone."""
    if not exchange.guarded:
        return True
    try:
        await exchange.swift("HEAD", name, "")
    except S3Error as error:
        if error.code not in ("AccessDenied", "NoSuchBucket"):
            raise
        return False
    return True


HANDLERS: dict[str, Handler] = {"GET": _list}
