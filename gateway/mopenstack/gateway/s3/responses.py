"""Swift's answers as S3's: which headers are told, and by what names.

Source: swift.common.middleware.s3api.s3response (S3Response).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import formatdate

from multidict import CIMultiDict

from mopenstack.contract.calls import ByteStream
from mopenstack.gateway.s3 import dates
from mopenstack.gateway.s3.swift import SwiftAnswer
from mopenstack.gateway.s3.xml import Element, add, render

XML = "application/xml"
OBJECT_SYSTEM = "X-Object-Sysmeta-S3api-"
CONTAINER_SYSTEM = "X-Container-Sysmeta-S3api-"
DELETE_MARKER = "application/x-deleted;swift_versions_deleted=1"
_KEPT = frozenset(
    {
        *("accept-ranges", "content-length", "content-type", "content-range", "content-encoding"),
        *("content-disposition", "content-language", "last-modified", "x-robots-tag", "cache-control", "expires"),
    }
)
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})


@dataclass(slots=True)
class S3Answer:
    """Status, headers and body of an answer; `stream` has the bytes of an object."""

    status: int = 200
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = b""
    stream: ByteStream | None = None


@dataclass(slots=True)
class S3Response:
    """Swift's answer, read as S3's: `headers` are S3's, `swift` are Swift's, `system` those that no client sees."""

    status: int
    headers: CIMultiDict[str]
    swift: CIMultiDict[str]
    system: CIMultiDict[str]
    is_manifest: bool
    answer: SwiftAnswer

    def as_answer(self, status: int = 0) -> S3Answer:
        """The answer that the client gets."""
        return S3Answer(status or self.status, self.headers, self.answer.content, self.answer.stream)

    @property
    def size(self) -> int:
        return int(self.swift.get("Content-Length") or 0)


def read(answer: SwiftAnswer) -> S3Response:
    """S3's view of an answer of Swift's."""
    headers: CIMultiDict[str] = CIMultiDict()
    system: CIMultiDict[str] = CIMultiDict()
    plain: CIMultiDict[str] = CIMultiDict()
    for name, value in answer.headers.items():
        low = name.lower()
        if low.startswith((OBJECT_SYSTEM.lower(), CONTAINER_SYSTEM.lower())):
            system[low.partition("-s3api-")[2]] = value
            continue
        plain[name] = value
        shown = _translated(low, name, value)
        if shown is not None:
            headers[shown[0]] = shown[1]
    is_manifest = plain.get("X-Static-Large-Object", "").lower() in _TRUE
    etag = system.get("etag") or plain.get("Etag", "").strip('"')
    if etag:
        if is_manifest and not system.get("etag"):
            etag += "-N"
        headers["ETag"] = f'"{etag}"'
    return S3Response(answer.status, headers, plain, system, is_manifest, answer)


def _translated(low: str, name: str, value: str) -> tuple[str, str] | None:
    """An S3 header of one of Swift's; None: it is not told."""
    if low.startswith("x-object-meta-"):
        return _meta(low), value
    if low in _KEPT:
        return name, value
    if low in _RENAMED:
        return _RENAMED[low], value
    if low == "access-control-expose-headers":
        exposed = [*value.split(", "), "x-amz-request-id", "x-amz-id-2"]
        return low, ", ".join(_meta(one) for one in exposed)
    if low == "access-control-allow-methods":
        return name, ", ".join(verb for verb in value.split(", ") if verb != "COPY")
    if low.startswith("access-control-"):
        return name, value
    if low == "x-delete-at" and value.isdigit():
        date = formatdate(int(value), usegmt=True)
        return "x-amz-expiration", f'expiry-date="{date}", rule-id="swift-object-expiration"'
    return None


_RENAMED = {
    "x-object-version-id": "x-amz-version-id",
    "x-parts-count": "x-amz-mp-parts-count",
    "x-copied-from-version-id": "x-amz-copy-source-version-id",
}


def _meta(low: str) -> str:
    if not low.startswith("x-object-meta-"):
        return low
    return "x-amz-meta-" + re.sub("=5f", "_", low[14:])


def document(root: Element, content_type: str = XML) -> S3Answer:
    """An answer that is a document; an empty type: Swift's usual one."""
    headers: CIMultiDict[str] = CIMultiDict({"Content-Type": content_type or "text/html; charset=UTF-8"})
    return S3Answer(200, headers, render(root))


def copied(response: S3Response, name: str) -> S3Answer:
    """The answer to a copy: a document with the date and the ETag of what was made."""
    root = Element(name)
    add(root, "LastModified", dates.of_header(response.swift["Last-Modified"]))
    add(root, "ETag", f'"{response.headers.get("ETag", "").strip(chr(34))}"')
    kept = CIMultiDict(
        (key, value)
        for key, value in response.headers.items()
        if key.lower() not in ("etag", "content-length", "content-type") and not key.lower().startswith("x-amz-meta-")
    )
    kept["Content-Type"] = XML
    return S3Answer(200, kept, render(root))
