"""Exchanges where the cloud keeps and obeys S3's access lists: they are looked at before each request of Swift's API.

Source: swift.common.middleware.s3api.acl_handlers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from mopenstack.gateway.s3 import access_lists
from mopenstack.gateway.s3.access_lists import AccessList
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.exchange import SEGMENTS, Exchange
from mopenstack.gateway.s3.responses import CONTAINER_SYSTEM, OBJECT_SYSTEM, S3Response

DOCUMENT_BYTES_MAX = 200 * 1024
_NEEDED: Mapping[tuple[str, str, str], str] = {
    ("HEAD", "HEAD", "container"): "READ",
    ("GET", "HEAD", "container"): "OWNER",
    ("GET", "GET", "container"): "READ",
    ("PUT", "HEAD", "container"): "WRITE",
    ("DELETE", "DELETE", "container"): "OWNER",
    ("HEAD", "HEAD", "object"): "READ",
    ("GET", "GET", "object"): "READ",
    ("PUT", "HEAD", "object"): "READ",
    ("DELETE", "HEAD", "container"): "WRITE",
    ("DELETE", "DELETE", "object"): "WRITE",
    ("POST", "HEAD", "container"): "WRITE",
    ("PUT", "POST", "container"): "WRITE",
    ("DELETE", "GET", "container"): "WRITE",
}
"""(S3's verb, Swift's verb, what it is about) -> the permission that it takes."""
_OF_BUCKET = frozenset({("DELETE", "DELETE", "object")})
"""What takes a permission of the bucket."""


class GuardedExchange(Exchange):
    """`owns` says whether the signer owns the account: only they make buckets."""

    guarded = True
    owns = False

    async def guard(
        self, method: str, container: str | None, key: str | None, headers: dict[str, str]
    ) -> S3Response | None:
        """Raises AccessDenied where the access lists do not allow it."""
        return await _GUARDS.get(self.resource, _base)(self, method, container, key, headers)

    async def look(self, container: str, key: str) -> tuple[S3Response, AccessList]:
        """A bucket or an object with its access list, whoever asks."""
        query: dict[str, str] = {}
        if key and "versionId" in self.request.params:
            query["version-id"] = self.request.params["versionId"]
        if key and self.request.verb == "HEAD" and "partNumber" in self.request.params:
            query["part-number"] = self.request.params["partNumber"]
        found = await self.swift("HEAD", container, key, query=query, free=True)
        return found, access_lists.read(found.system.get("acl"))

    async def check(self, method: str, container: str, key: str, permission: str = "") -> S3Response | None:
        """Look whether the signer may; the answer to a HEAD is what the request asks for."""
        if not container:
            return None
        asked = (self.request.verb, method, "object" if key else "container")
        permission = permission or _NEEDED.get(asked, "OWNER")
        response, listed = await self.look(container, "" if asked in _OF_BUCKET else key)
        listed.check((await self.signer()).owner, permission)
        return response if method == "HEAD" else None

    async def asked_list(self, bucket_owner: str, owner: str | None = None) -> AccessList:
        """The access list that headers or the body give."""
        found = access_lists.of_headers(self.headers, bucket_owner, owner)
        body = await self.xml(DOCUMENT_BYTES_MAX)
        if found is None:
            if not body:
                raise S3Error("MissingSecurityHeader", missing_header_name="x-amz-acl")
            return access_lists.of_document(body)
        if body:
            raise S3Error("UnexpectedContent")
        return found

    async def list_of_new(self, more: dict[str, str], name: str) -> None:
        """A new object's access list: what the headers say, else its owner's alone; the bucket must be writable."""
        response = await self.check("HEAD", self.request.bucket, "")
        assert response is not None
        bucket_owner = access_lists.read(response.system.get("acl")).owner or ""
        owner = (await self.signer()).owner
        found = access_lists.of_headers(self.headers, bucket_owner, owner) or access_lists.private(bucket_owner, owner)
        more[f"{OBJECT_SYSTEM}{name}"] = found.kept()


Guard = Callable[[GuardedExchange, str, str | None, str | None, dict[str, str]], Awaitable[S3Response | None]]
"""(the exchange, Swift's verb, container, key, headers to add) -> the answer, if that is known already."""


def _place(exchange: GuardedExchange, container: str | None, key: str | None) -> tuple[str, str]:
    request = exchange.request
    return request.bucket if container is None else container, request.key if key is None else key


async def _base(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    return await exchange.check(method, *_place(exchange, container, key))


async def _bucket(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    place = _place(exchange, container, key)
    deletes, of_parts = exchange.request.verb == "DELETE", place[0].endswith(SEGMENTS)
    if of_parts and (method == "DELETE" or deletes):
        return None
    if method == "HEAD" and deletes:
        return await exchange.check("DELETE", *place)
    if method != "PUT":
        return await exchange.check(method, *place)
    owner = (await exchange.signer()).owner
    found = access_lists.of_headers(exchange.headers, owner) or access_lists.private(owner)
    if not exchange.owns:
        raise S3Error("AccessDenied")
    await exchange.swift("PUT", free=True)
    return await exchange.swift("POST", headers={f"{CONTAINER_SYSTEM}Acl": found.kept()}, free=True)


async def _object(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    if method == "HEAD" and exchange.request.verb == "DELETE":
        return None
    if method == "PUT":
        await exchange.list_of_new(more, "Acl")
        return None
    return await exchange.check(method, *_place(exchange, container, key))


async def _acl(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    request = exchange.request
    if method == "HEAD":
        await exchange.check("HEAD", request.bucket, request.key, "READ_ACP")
        return None
    _, of_bucket = await exchange.look(request.bucket, "")
    await exchange.check("HEAD", request.bucket, request.key, "WRITE_ACP")
    if request.is_object:
        _, old = await exchange.look(request.bucket, request.key)
        found = await exchange.asked_list(of_bucket.owner or "", old.owner)
        old.check_owner(found.owner or "")
        more[f"{OBJECT_SYSTEM}Acl"] = found.kept()
    else:
        found = await exchange.asked_list(of_bucket.owner or "")
        of_bucket.check_owner(found.owner or "")
        more[f"{CONTAINER_SYSTEM}Acl"] = found.kept()
    return None


async def _deletion(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    place = _place(exchange, container, key)
    return await exchange.check("HEAD", *place) if method == "HEAD" and not place[1] else None


async def _part(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    name, named = _place(exchange, container, key)
    if method != "HEAD":
        return None
    if name.endswith(SEGMENTS):
        await exchange.check("HEAD", name.removesuffix(SEGMENTS), "")
        return None
    return await exchange.check("HEAD", name, named)


async def _uploads(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    if method == "GET":
        await exchange.check("GET", exchange.request.bucket, "")
    elif method == "PUT" and key:
        await exchange.list_of_new(more, "Tmpacl")
    return None


async def _upload(
    exchange: GuardedExchange, method: str, container: str | None, key: str | None, more: dict[str, str]
) -> S3Response | None:
    request = exchange.request
    if method == "HEAD":
        await exchange.check("GET" if request.verb == "GET" else "HEAD", request.bucket, "")
    elif method == "PUT":
        marker = f"{request.key}/{request.params['uploadId']}"
        found = await exchange.swift("HEAD", request.bucket + SEGMENTS, marker, free=True)
        more[f"{OBJECT_SYSTEM}Acl"] = found.system.get("tmpacl", "")
    return None


_GUARDS: Mapping[str, Guard] = {
    "BUCKET": _bucket,
    "OBJECT": _object,
    "S3_ACL": _acl,
    "MULTI_OBJECT_DELETE": _deletion,
    "PART": _part,
    "UPLOADS": _uploads,
    "UPLOAD": _upload,
}
"""By the resource of the request; for the others the permission follows from the verbs."""
