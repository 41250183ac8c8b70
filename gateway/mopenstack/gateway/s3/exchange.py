"""One request of S3 under way: who makes it, its body, and what it asks of Swift.

Source: swift.common.middleware.s3api.s3request (_get_response and the tables that it looks into).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from multidict import CIMultiDict

from mopenstack.contract.faults import BadRequest
from mopenstack.gateway.s3 import access_lists, acl, checks, payload, responses, swift
from mopenstack.gateway.s3.errors import S3Error, invalid_argument, no_such_bucket, no_such_key, not_implemented
from mopenstack.gateway.s3.request import S3Request
from mopenstack.gateway.s3.responses import S3Response
from mopenstack.gateway.s3.signatures import EMPTY_SHA256, Chunks

SEGMENTS = "+segments"
"""What the container of a bucket's parts has at the end of its name."""
_SUCCESS: Mapping[tuple[str, str], frozenset[int]] = {
    ("account", "GET"): frozenset({200}),
    ("container", "HEAD"): frozenset({204}),
    ("container", "GET"): frozenset({200, 204}),
    ("container", "PUT"): frozenset({201}),
    ("container", "POST"): frozenset({204}),
    ("container", "DELETE"): frozenset({204}),
    ("object", "HEAD"): frozenset({200, 206, 304}),
    ("object", "GET"): frozenset({200, 206, 304}),
    ("object", "PUT"): frozenset({201, 202}),
    ("object", "POST"): frozenset({202}),
    ("object", "DELETE"): frozenset({200, 204}),
}
_OF_CONTENT = (
    *("Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type"),
    *("Expires", "Cache-Control", "X-Robots-Tag"),
)
"""What a copy has from its source, unless it is told to have its own."""
_OF_TRANSPORT = ("Authorization", "Connection", "Expect", "Host", "Transfer-Encoding", "Content-Length", "Accept")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a request: the token that Swift is asked with, the account, and what S3 calls its owner."""

    token: str
    account: str
    owner: str
    key: bytes
    """The signing key of the scope of version 4, which signs chunks too."""


class Exchange:
    """`request` with what it may ask of Swift; `resource` is the name of what it is about."""

    guarded: ClassVar[bool] = False
    """Whether S3's access lists are looked at, instead of Swift's."""
    resource = ""

    def __init__(
        self,
        request: S3Request,
        answer: Callable[[swift.InnerRequest, str, bool], Awaitable[object]],
        sign_in: Callable[[S3Request], Awaitable[Signer | None]],
        body: AsyncIterator[bytes],
    ) -> None:
        self.request = request
        self.headers = request.headers
        """Those of the request that Swift is asked with; controllers change them."""
        self.metadata = dict(request.metadata)
        self._answer = answer
        self._sign_in = sign_in
        self._signer: Signer | None = None
        self._failure: S3Error | None = None
        self._body = self._watched(self._stages(body)) if request.verb in ("PUT", "POST") else None
        self._length = self._length_of_body()

    # -- who

    async def signer(self) -> Signer:
        """Who signed the request; raises the refusal of a signature that does not match."""
        if self._signer is None:
            self._signer = await self._sign_in(self.request)
        if self._signer is None:
            raise self.request.authorization.mismatch()
        return self._signer

    @property
    def owner(self) -> str:
        """What S3 calls the owner of what the signer has."""
        return self._signer.owner if self._signer is not None else ""

    # -- the body

    def _length_of_body(self) -> str | None:
        if self._body is not None and checks.is_streaming(self.request.sha256):
            return str(int(self.headers["x-amz-decoded-content-length"]))
        return self.headers.get("Content-Length")

    def _stages(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body, decoded and looked at on its way."""
        request, told = self.request, self.request.sha256
        trailers: Mapping[str, str] = self.headers
        checksum = request.checksum
        if checks.is_streaming(told):
            expected = {checksum.trailer} if checksum is not None and checksum.trailer else set()
            if told == checks.SIGNED_STREAM_TRAILER:
                expected.add(payload.SIGNATURE_TRAILER)
            length = int(self.headers["x-amz-decoded-content-length"])
            signed = told != checks.UNSIGNED_STREAM
            stage = payload.Unchunked(source, length, expected, self._chunks, self._chunk_mismatch, signed)
            if checksum is not None and checksum.trailer:
                trailers = stage.trailers
            source = aiter(stage)
        elif told and told != checks.UNSIGNED and "Content-Length" in self.headers:
            length = int(self.headers["Content-Length"])
            if length == 0 and told.lower() != EMPTY_SHA256:
                raise S3Error(
                    "XAmzContentSHA256Mismatch",
                    client_computed_content_s_h_a256=told,
                    s3_computed_content_s_h_a256=EMPTY_SHA256,
                )
            source = payload.hashed(source, length, told)
        verified = request.verb == "PUT" or "delete" in request.params
        if checksum is not None and checksum.digest is not None and verified:
            name = checksum.trailer or checksum.header
            source = payload.checked(source, checksum.digest, name, trailers, bool(checksum.trailer))
        return source

    def _chunks(self) -> Chunks | None:
        authorization = self.request.authorization
        if self._signer is None or authorization.scope is None or not self._signer.key:
            return None
        return Chunks(authorization.stamp, authorization.scope, authorization.signature, self._signer.key)

    def _chunk_mismatch(self, chunks: Chunks) -> S3Error:
        return self.request.authorization.mismatch(chunks.text)

    async def _watched(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body; what is wrong with it is remembered: Swift may have words of its own for a body that breaks off."""
        try:
            async for piece in source:
                yield piece
        except S3Error as wrong:
            self._failure = wrong
            raise BadRequest(wrong.text) from None

    async def xml(self, most: int) -> bytes:
        """A body that is a document of at most so many bytes; nothing where there is none. Raises MalformedXML."""
        encoding = [part.strip() for part in self.headers.get("Transfer-Encoding", "").split(",") if part.strip()]
        if encoding and (len(encoding) > 1 or encoding[-1] != "chunked"):
            text = "A header you provided implies functionality that is not implemented"
            raise not_implemented(text, header="Transfer-Encoding")
        length = int(self._length or 0)
        if length > most:
            raise S3Error("MalformedXML")
        if not encoding and not length:
            return b""
        parts, size = [], 0
        try:
            async for piece in self.body():
                size += len(piece)
                if size > most:
                    raise S3Error("MalformedXML")
                parts.append(piece)
        except BadRequest:
            raise self._failure or S3Error("IncompleteBody", "The request body terminated unexpectedly") from None
        return b"".join(parts)

    async def body(self) -> AsyncIterator[bytes]:
        """The body, once."""
        taken, self._body = self._body, None
        if taken is not None:
            async for piece in taken:
                yield piece

    # -- what Swift is asked

    async def guard(
        self, method: str, container: str | None, key: str | None, headers: dict[str, str]
    ) -> S3Response | None:
        """Look whether the signer may, and add headers; the answer of Swift, if that is known already."""
        return None

    async def swift(
        self,
        method: str = "",
        container: str | None = None,
        key: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        free: bool = False,
    ) -> S3Response:
        """Make a request of Swift's API out of this one; raises S3's refusal for Swift's.

        Its bucket and key, where no others are given; its headers, with `headers` over them; its body, if it is one
        that stores an object and no other is given. One that is `free` passes no guard.
        """
        request = self.request
        method = method or request.verb
        headers = dict(headers or {})
        known = None if free else await self.guard(method, container, key, headers)
        if known is not None:
            return known
        container = request.bucket if container is None else container
        key = request.key if key is None else key
        if "x-amz-acl" in self.headers and not self.guarded:
            acl.apply_canned(self.headers)
        signer = await self.signer()
        asked, version = self._asked_headers(method, headers)
        parameters = dict(query or {})
        if version and "version-id" not in parameters:
            parameters["version-id"] = version
        source: AsyncIterator[bytes] | None = None
        if body is not None:
            asked["Content-Length"] = str(len(body))
            asked.popall("Transfer-Encoding", None)
            source = swift.whole(body)
        elif method == "PUT" and key and "X-Copy-From" not in asked:
            if self._length is not None:
                asked["Content-Length"] = self._length
            source = self.body()
        elif method in ("PUT", "POST"):
            asked["Content-Length"] = "0"
            asked.popall("Transfer-Encoding", None)
        path = tuple(part for part in (signer.account, container, key) if part)

        async def answer(inner: swift.InnerRequest) -> object:
            return await self._answer(inner, signer.token, self.guarded)

        found = await swift.ask(answer, method, path, parameters, asked, source)  # type: ignore[arg-type]
        if self._failure is not None:
            raise self._failure
        response = responses.read(found)
        what = "object" if key else "container" if container else "account"
        if response.status in _SUCCESS[what, method]:
            return response
        raise await self._refusal(what, method, container, key, response)

    def _asked_headers(self, method: str, more: Mapping[str, str] | None) -> tuple[CIMultiDict[str], str]:
        """The headers of a request of Swift's API, and the version of the object that is copied."""
        asked = CIMultiDict(self.headers)
        for name in _OF_TRANSPORT:
            if name != "Transfer-Encoding" or method != "PUT":
                asked.popall(name, None)
        asked.update(self.metadata)
        if self.request.md5 and method == "PUT":
            asked.setdefault("Etag", self.request.md5)
        version = ""
        source = asked.pop("X-Amz-Copy-Source", None)
        if source is not None and self.request.verb == "PUT":
            asked["X-Copy-From"], _, version = source.partition("?versionId=")
            asked["Content-Length"] = "0"
            asked.popall("Transfer-Encoding", None)
            if asked.get("x-amz-metadata-directive") == "REPLACE":
                asked["X-Fresh-Metadata"] = "True"
            else:
                for name in [*_OF_CONTENT, *self.metadata]:
                    asked.popall(name, None)
        for name in [name for name in asked if name.lower().startswith("x-amz-")]:
            asked.popall(name, None)
        asked.update(more or {})
        return asked, version

    # -- what Swift refuses

    async def _refusal(self, what: str, method: str, container: str, key: str, response: S3Response) -> S3Error:
        status = response.status
        known = await self._known(what, method, container, key, status)
        text = (await response.answer.read()).decode("utf-8", "replace")
        if known is not None:
            quota = "quota" in text and known.code in ("EntityTooLarge", "PreconditionFailed")
            return S3Error(known.code, text) if quota else known
        if status == 400:
            for name in ("X-Delete-At", "X-Delete-After"):
                if name in text:
                    return invalid_argument(name, self.headers.get(name), text)
            return S3Error("InvalidRequest", text)
        if status == 401:
            return self.request.authorization.mismatch()
        if status == 403:
            return S3Error("AccessDenied")
        if status == 416:
            self.request.range_or_part(response.headers.get("x-amz-mp-parts-count"))
            return S3Error("InvalidRange")
        if status == 503:
            return S3Error("ServiceUnavailable")
        if status in (429, 498):
            return S3Error("SlowDown")
        if status == 409:
            return S3Error("BrokenMPU" if self.request.verb == "GET" else "ServiceUnavailable")
        return S3Error("InternalError", f"unexpected status code {status}")

    async def _known(self, what: str, method: str, container: str, key: str, status: int) -> S3Error | None:
        """What a status of Swift means to S3, for this kind of request."""
        if what == "account":
            return None
        if what == "container":
            if status == 404 and method != "PUT":
                return no_such_bucket(container)
            if status == 202 and method == "PUT":
                return await self._taken(container)
            return S3Error("BucketNotEmpty") if status == 409 and method == "DELETE" else None
        if status == 404 and method == "PUT":
            return no_such_bucket(container)
        if status == 404 and method == "DELETE":
            return no_such_key(key)
        if status == 404:
            there = container.endswith(SEGMENTS) or await self.exists(container)
            return no_such_key(key) if there else no_such_bucket(container)
        if status == 412 and method != "DELETE":
            return S3Error("PreconditionFailed")
        if method != "PUT":
            return None
        if status == 422:
            return S3Error("BadDigest", expected_digest=self.request.md5)
        return S3Error(_OF_PUT[status]) if status in _OF_PUT else None

    async def _taken(self, container: str) -> S3Error:
        """The refusal of a bucket that is there already."""
        kept = (await self.bucket(container)).get(f"{responses.CONTAINER_SYSTEM}Acl")
        owner = access_lists.read(kept).owner
        ours = owner is None or owner == (await self.signer()).owner
        return S3Error("BucketAlreadyOwnedByYou" if ours else "BucketAlreadyExists", bucket_name=container)

    # -- the bucket

    async def exists(self, container: str) -> bool:
        """Whether a container is there, whoever asks."""
        return await self._container(container) is not None

    async def bucket(self, container: str = "") -> CIMultiDict[str]:
        """Swift's headers of the bucket, whether the signer may look at it or not; raises NoSuchBucket."""
        await self.signer()
        name = container or self.request.bucket
        found = await self._container(name)
        if found is None:
            raise no_such_bucket(name)
        return found

    async def _container(self, container: str) -> CIMultiDict[str] | None:
        signer = await self.signer()

        async def answer(request: swift.InnerRequest) -> object:
            return await self._answer(request, signer.token, True)

        found = await swift.ask(answer, "HEAD", (signer.account, container), {}, CIMultiDict(), None)  # type: ignore[arg-type]
        return found.headers if found.status < 300 else None


_OF_PUT = {
    408: "RequestTimeout",
    411: "MissingContentLength",
    413: "EntityTooLarge",
    499: "RequestTimeout",
}


async def hash_of(source: AsyncIterator[bytes]) -> str:
    """The SHA-256 of bytes that are not kept."""
    found = hashlib.sha256()
    async for piece in source:
        found.update(piece)
    return found.hexdigest()
