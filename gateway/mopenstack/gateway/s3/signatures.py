"""What a client signs: the texts of versions 2 and 4, of whole requests, of chunks, of trailers.

Source: swift.common.middleware.s3api.s3request (SigCheckerV2, SigCheckerV4).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
SIGNED_SUB_RESOURCES = frozenset(
    {
        *("acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "object-lock", "partNumber"),
        *("policy", "publicAccessBlock", "requestPayment", "restore", "tagging", "torrent", "uploadId", "uploads"),
        *("versionId", "versioning", "versions", "website"),
        *("response-cache-control", "response-content-disposition", "response-content-encoding"),
        *("response-content-language", "response-content-type", "response-expires"),
    }
)
"""Parameters of the query that version 2 signs."""
ALGORITHM = "AWS4-HMAC-SHA256"


def text_v2(
    verb: str,
    md5: str,
    content_type: str,
    date: str | None,
    amz_headers: Mapping[str, str],
    path: str,
    params: Mapping[str, str],
) -> bytes:
    """What version 2 signs; no `date`: the line is left out. `path` is the raw one, with the bucket."""
    lines = [verb, md5, content_type]
    if date is not None:
        lines.append(date)
    lines += [f"{name}:{value}" for name, value in sorted(amz_headers.items())]
    signed = [
        f"{name}={value}" if value else name for name, value in sorted(params.items()) if name in SIGNED_SUB_RESOURCES
    ]
    lines.append(f"{path}?{'&'.join(signed)}" if signed else path)
    return encoded("\n".join(lines))


def request_v4(
    verb: str, path: str, params: Mapping[str, str], headers: Sequence[tuple[str, str]], payload: str
) -> bytes:
    """The canonical request of version 4: `path` is decoded, `headers` those that are signed, sorted by name."""
    query = "&".join(
        f"{quote(encoded(name), safe='-_.~')}={quote(encoded(value), safe='-_.~')}"
        for name, value in sorted(params.items())
        if name not in ("Signature", "X-Amz-Signature")
    )
    lines = "".join(f"{name}:{value}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    return encoded("\n".join((verb, quote(encoded(path), safe="-_.~/"), query, lines, names, payload)))


def encoded(text: str) -> bytes:
    """The bytes that a text of a request came as."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signing key of version 4 is good for."""

    date: str
    region: str
    service: str = "s3"
    terminal: str = "aws4_request"

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminal}"


def text_v4(stamp: str, scope: Scope, request: bytes) -> bytes:
    """What version 4 signs of a canonical request."""
    return f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request).hexdigest()}".encode()


class Chunks:
    """The chain of the signatures of an aws-chunked body, which begins with that of the request.

    `key` is the signing key of the scope; without one no chunk can be told.
    """

    def __init__(self, stamp: str, scope: Scope, signature: str, key: bytes) -> None:
        self._head = f"{stamp}\n{scope}"
        self._signature = signature
        self._key = key
        self._valid = True
        self.text = b""
        """What the last chunk that was looked at should have signed."""

    def check_chunk(self, sha256: str, signature: str) -> bool:
        """Whether the next chunk was signed, as all before it were."""
        text = f"{ALGORITHM}-PAYLOAD\n{self._head}\n{self._signature}\n{EMPTY_SHA256}\n{sha256}"
        return self._check(text, signature)

    def check_trailers(self, trailers: Iterable[tuple[str, str]], signature: str) -> bool:
        """Whether the trailers were signed, as all chunks before them were."""
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers, key=lambda pair: pair[0].lower()))
        sha256 = hashlib.sha256(encoded(lines or "\n")).hexdigest()
        return self._check(f"{ALGORITHM}-TRAILER\n{self._head}\n{self._signature}\n{sha256}", signature)

    def _check(self, text: str, signature: str) -> bool:
        if not self._valid:
            return False
        self.text = encoded(text)
        self._signature = signature
        made = hmac.new(self._key, self.text, "sha256").hexdigest()
        self._valid = hmac.compare_digest(made.encode(), encoded(signature))
        return self._valid
