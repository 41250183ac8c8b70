"""Digests by the headers that tell them: `x-amz-checksum-crc32` and its siblings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from mopenstack.gateway.s3.errors import S3Error


class Digest(Protocol):
    """What hashlib's objects do."""

    @property
    def digest_size(self) -> int: ...

    @property
    def name(self) -> str: ...

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc:
    """A cyclic redundancy check that looks like a digest."""

    def __init__(self, name: str, calculate: Callable[[bytes, int], int], digest_size: int) -> None:
        self.name = name
        self.digest_size = digest_size
        self._calculate = calculate
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._calculate(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self.digest_size, "big")


def _crc32() -> Digest:
    return Crc("crc32", zlib.crc32, 4)


def _crc32c() -> Digest:
    import anycrc

    return Crc("crc32c", anycrc.Model("CRC32C").calc, 4)


def _crc64nvme() -> Digest:
    import anycrc

    return Crc("crc64nvme", anycrc.Model("CRC64-NVME").calc, 8)


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


BY_HEADER: Mapping[str, Callable[[], Digest]] = {
    "x-amz-checksum-crc32": _crc32,
    "x-amz-checksum-crc32c": _crc32c,
    "x-amz-checksum-crc64nvme": _crc64nvme,
    "x-amz-checksum-sha1": _sha1,
    "x-amz-checksum-sha256": hashlib.sha256,
}
_NO_CHECKSUMS = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-type"})


def value_of(digest: Digest, text: str) -> bytes | None:
    """The bytes that a header tells in base 64; None where it tells none of the digest's size."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    exact = len(found) == digest.digest_size and base64.b64encode(found).decode() == text
    return found if exact else None


class Expected:
    """Which digest of the body the request tells: in a header, or in a trailer that comes behind it."""

    __slots__ = ("digest", "header", "trailer")

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Raises InvalidRequest for headers that contradict each other, or name no digest."""
        told = _headers(headers)
        announced = _trailers(headers)
        if len(told) + len(announced) > 1:
            raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header")
        self.header = next(iter(told), "")
        self.trailer = announced[0] if announced else ""
        name = self.header or self.trailer
        self.digest = BY_HEADER[name]() if name else None
        if self.header and self.digest is not None and value_of(self.digest, told[self.header]) is None:
            raise S3Error("InvalidRequest", f"Value for {self.header} header is invalid.")
        algorithm = headers.get("x-amz-sdk-checksum-algorithm")
        if not algorithm:
            return
        if self.digest is None:
            raise S3Error(
                "InvalidRequest",
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                "headers were found.",
            )
        if algorithm.lower() != self.digest.name:
            raise S3Error("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.")


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    told = {
        name.lower(): value
        for name, value in headers.items()
        if name.lower().startswith("x-amz-checksum-") and name.lower() not in _NO_CHECKSUMS
    }
    if not BY_HEADER.keys() >= told.keys():
        raise S3Error("InvalidRequest", "The algorithm type you specified in x-amz-checksum- header is invalid.")
    _only_one(len(told))
    return told


def _trailers(headers: Mapping[str, str]) -> list[str]:
    text = headers.get("x-amz-trailer", "").strip()
    announced = [part.strip() for part in text.rstrip(",").split(",")] if text else []
    if not BY_HEADER.keys() >= set(announced):
        raise S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
    _only_one(len(announced))
    return announced


def _only_one(number: int) -> None:
    if number > 1:
        raise S3Error(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
