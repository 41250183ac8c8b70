"""What the cluster can do: `/info`. Source: swift.proxy.controllers.info, swift.common.registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from mopenstack.contract.calls import ByteStream
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer
from mopenstack.core.object_store import deletions, limits
from mopenstack.core.object_store.middleware import bulk, tempurl
from mopenstack.core.object_store.objects import slo_manifest, symlinks
from mopenstack.core.object_store.options import OPEN_EXPIRED, S3_ACL
from mopenstack.core.object_store.requests import HTML, refusal
from mopenstack.object_store.v1 import capabilities_pb2

DIGESTS = ["sha1", "sha256", "sha512"]
VERSION = "2.38.3"
"""The release of Swift that the service answers as."""


def _policy(name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": name, "aliases": ", ".join((name, *limits.ALIASES.get(name, ())))}
    return {**shown, "default": True} if name == limits.POLICIES[0] else shown


CAPABILITIES: dict[str, Any] = {
    "swift": {
        "version": VERSION,
        "strict_cors_mode": True,
        "policies": [_policy(name) for name in limits.POLICIES],
        "allow_account_management": True,
        "account_autocreate": True,
        "max_file_size": limits.MAX_FILE_SIZE,
        "max_meta_name_length": limits.MAX_META_NAME_LENGTH,
        "max_meta_value_length": limits.MAX_META_VALUE_LENGTH,
        "max_meta_count": limits.MAX_META_COUNT,
        "max_meta_overall_size": limits.MAX_META_OVERALL_SIZE,
        "max_header_size": limits.MAX_HEADER_SIZE,
        "max_request_line": 8192,
        "max_object_name_length": limits.MAX_OBJECT_NAME_LENGTH,
        "container_listing_limit": limits.LISTING_LIMIT,
        "account_listing_limit": limits.LISTING_LIMIT,
        "max_account_name_length": limits.MAX_ACCOUNT_NAME_LENGTH,
        "max_container_name_length": limits.MAX_CONTAINER_NAME_LENGTH,
        "extra_header_count": 0,
    },
    "symlink": {"symloop_max": symlinks.LOOPS_MAX, "static_links": True},
    "versioned_writes": {"allowed_flags": ["x-versions-location", "x-history-location"]},
    "object_versioning": {},
    "slo": {
        "max_manifest_segments": slo_manifest.SEGMENTS_MAX,
        "max_manifest_size": slo_manifest.MANIFEST_BYTES_MAX,
        "yield_frequency": 10,
        "min_segment_size": 1,
        "allow_async_delete": True,
    },
    "dlo": {"max_segments": limits.LISTING_LIMIT},
    "account_quotas": {},
    "container_quotas": {},
    "staticweb": {},
    "formpost": {"allowed_digests": DIGESTS, "deprecated_digests": ["sha1"]},
    "crossdomain": {},
    "container_sync": {"realms": {}},
    "domain_remap": {"default_reseller_prefix": None},
    "etag_quoter": {"enable_by_default": False},
    "ratelimit": {
        "account_ratelimit": 0.0,
        "max_sleep_time_seconds": 60.0,
        "container_ratelimits": [],
        "container_listing_ratelimits": [],
    },
    "tempauth": {"account_acls": True},
    "tempurl": {
        "methods": list(tempurl.METHODS),
        "incoming_remove_headers": ["x-timestamp", "x-open-expired"],
        "incoming_allow_headers": [],
        "outgoing_remove_headers": ["x-object-meta-*"],
        "outgoing_allow_headers": ["x-object-meta-public-*"],
        "allowed_digests": DIGESTS,
        "deprecated_digests": ["sha1"],
    },
    "bulk_upload": {
        "max_containers_per_extraction": bulk.CONTAINERS_MAX,
        "max_failed_extractions": bulk.FAILURES_MAX,
    },
    "bulk_delete": {
        "max_deletes_per_request": deletions.DELETES_MAX,
        "max_failed_deletes": deletions.FAILURES_MAX,
    },
    "s3api": {
        "max_bucket_listing": 1000,
        "max_parts_listing": 1000,
        "max_upload_part_num": 1000,
        "max_multi_delete_objects": 1000,
        "allow_multipart_uploads": True,
        "min_segment_size": 5 * 1024 * 1024,
    },
}


CROSS_DOMAIN = (
    '<?xml version="1.0"?>\n<!DOCTYPE cross-domain-policy SYSTEM '
    '"http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >\n<cross-domain-policy>\n'
    '<allow-access-from domain="*" secure="false" />\n</cross-domain-policy>'
)
PARTITIONS = 1024
"""Of the ring that a request for endpoints is told of; where objects really are is the blob store's to say."""


class Capabilities(Servicer):
    service = capabilities_pb2.DESCRIPTOR.services_by_name["Capabilities"]

    async def get_info(self, call: Call, request: capabilities_pb2.GetInfoRequest) -> ByteStream:
        if request.swiftinfo_sig or request.swiftinfo_expires:
            raise refusal(403)  # the cluster has no admin_key
        chosen = {
            "swift": CAPABILITIES["swift"] | {"allow_open_expired": call.cloud.enabled(OPEN_EXPIRED)},
            "s3api": CAPABILITIES["s3api"] | {"s3_acl": call.cloud.enabled(S3_ACL)},
        }
        return _document(json.dumps(CAPABILITIES | chosen), "application/json; charset=UTF-8")

    async def show_info_options(self, call: Call, request: capabilities_pb2.GetInfoRequest) -> ByteStream:
        document = _document("", HTML)
        document.headers["Allow"] = "HEAD, GET, OPTIONS"
        return document

    async def get_cross_domain_policy(
        self, call: Call, request: capabilities_pb2.GetCrossDomainPolicyRequest
    ) -> ByteStream:
        return _document(CROSS_DOMAIN, "application/xml")

    async def list_endpoints(self, call: Call, request: capabilities_pb2.ListEndpointsRequest) -> ByteStream:
        parts = [part for part in (request.account, request.container, request.object) if part]
        path = "/".join(quote(part) for part in parts)
        partition = int(hashlib.md5(path.encode(), usedforsecurity=False).hexdigest(), 16) % PARTITIONS
        port = (6202, 6201, 6200)[len(parts) - 1]
        return _document(json.dumps([f"http://127.0.0.1:{port}/sda1/{partition}/{path}"]), "application/json")


def _document(text: str, content_type: str) -> ByteStream:
    body = text.encode()
    return ByteStream(_once(body), len(body), content_type)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
