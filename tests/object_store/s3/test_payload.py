"""Bodies in chunks: the same bytes however they come, and nothing that is wrong is passed on whole."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import AsyncIterator, Iterable

import pytest

from mopenstack.gateway.s3 import checksums, payload
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.signatures import EMPTY_SHA256, Chunks, Scope

STAMP, SCOPE, KEY = "20260102T030405Z", Scope("20260102", "us-east-1"), b"key"
BODY = bytes(range(256)) * 40


async def _stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _sign(text: str) -> str:
    return hmac.new(KEY, text.encode(), "sha256").hexdigest()


def _signed(chunks: Iterable[bytes], trailers: str | None = None) -> bytes:
    """An aws-chunked body with signatures; `trailers` are signed too."""
    written, previous = b"", "seed"
    for chunk in [*chunks, b""]:
        head = f"AWS4-HMAC-SHA256-PAYLOAD\n{STAMP}\n{SCOPE}\n{previous}\n{EMPTY_SHA256}\n"
        previous = _sign(head + hashlib.sha256(chunk).hexdigest())
        written += b"%x;chunk-signature=%s\r\n%s" % (len(chunk), previous.encode(), chunk)
        written += b"\r\n" if chunk else b""
    if trailers is None:
        return written + b"\r\n"
    digest = hashlib.sha256(trailers.encode()).hexdigest()
    last = _sign(f"AWS4-HMAC-SHA256-TRAILER\n{STAMP}\n{SCOPE}\n{previous}\n{digest}")
    return written + trailers.replace("\n", "\r\n").encode() + f"x-amz-trailer-signature:{last}\r\n\r\n".encode()


def _read(
    pieces: Iterable[bytes], length: int = len(BODY), expected: Iterable[str] = (), *, signed: bool = True
) -> payload.Unchunked:
    return payload.Unchunked(
        _stream(pieces),
        length,
        set(expected),
        lambda: Chunks(STAMP, SCOPE, "seed", KEY),
        lambda chunks: S3Error("SignatureDoesNotMatch"),
        signed,
    )


async def _all(source: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in source])


@pytest.mark.parametrize("step", [1, 7, 8192, 100_000])
async def test_chunks_however_they_come(step: int) -> None:
    written = _signed([BODY[:8192], BODY[8192:]])
    pieces = [written[place : place + step] for place in range(0, len(written), step)]
    assert await _all(aiter(_read(pieces))) == BODY


@pytest.mark.parametrize("step", [1, 100_000])
async def test_trailers(step: int) -> None:
    sum32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
    written = _signed([BODY], f"x-amz-checksum-crc32:{sum32}\n")
    pieces = [written[place : place + step] for place in range(0, len(written), step)]
    stage = _read(pieces, expected=("x-amz-checksum-crc32", payload.SIGNATURE_TRAILER))
    digest = checksums.BY_HEADER["x-amz-checksum-crc32"]()
    name = "x-amz-checksum-crc32"
    assert await _all(payload.checked(aiter(stage), digest, name, stage.trailers, trailing=True)) == BODY


def _unsigned(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (_unsigned(BODY, end=b""), "IncompleteBody"),
        (_unsigned(BODY)[:-40], "IncompleteBody"),
        (_unsigned(BODY[:9000]), "IncompleteBody"),
        (_unsigned(BODY, b"more"), "IncompleteBody"),
        (_unsigned(BODY, end=b"0\r\nwhat"), "IncompleteBody"),
        (_unsigned(b"small", BODY[5:]), "InvalidChunkSizeError"),
        (b"-1\r\n\r\n", "IncompleteBody"),
        (b"f" * 60_000, "IncompleteBody"),
        (b"f" * 500 + b"\r\n", "IncompleteBody"),
        (b"zz\r\n", "IncompleteBody"),
        (b"", "IncompleteBody"),
    ],
)
async def test_chunks_that_are_wrong(written: bytes, code: str) -> None:
    """The refusal comes before the last bytes are passed on."""
    passed: list[bytes] = []

    async def take() -> None:
        async for piece in aiter(_read([written], signed=False)):
            passed.append(piece)

    with pytest.raises(S3Error) as caught:
        await take()
    assert caught.value.code == code
    assert len(b"".join(passed)) < len(BODY)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\x07\x08\x09", b"\x07\x08\x0a"), (b"chunk-signature=", b"chunk-signature=0"), (b"chunk-sig", b"chunk-wig")],
)
async def test_signatures_that_do_not_match(old: bytes, new: bytes) -> None:
    written = _signed([BODY]).replace(old, new, 1)
    with pytest.raises(S3Error) as caught:
        await _all(aiter(_read([written])))
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("trailers", "code"),
    [
        ("x-amz-checksum-crc32:AAAAAA==\n", "BadDigest"),
        ("x-amz-checksum-crc32:AAAA\n", "InvalidRequest"),
        ("x-amz-other:1\n", "MalformedTrailerError"),
        ("", "MalformedTrailerError"),
        ("x-amz-checksum-crc32:AAAAAA==\n" * 100, "BadDigest"),
    ],
)
async def test_trailers_that_are_wrong(trailers: str, code: str) -> None:
    written = _unsigned(BODY, end=b"0\r\n" + trailers.replace("\n", "\r\n").encode() + b"\r\n")
    name = "x-amz-checksum-crc32"
    stage = _read([written], expected=[name], signed=False)
    with pytest.raises(S3Error) as caught:
        await _all(payload.checked(aiter(stage), checksums.BY_HEADER[name](), name, stage.trailers, trailing=True))
    assert caught.value.code == code


async def test_a_digest_of_the_whole() -> None:
    right = hashlib.sha256(BODY).hexdigest()
    assert await _all(payload.hashed(_stream([BODY[:9], BODY[9:]]), len(BODY), right.upper())) == BODY
    for wrong, length in ((EMPTY_SHA256, len(BODY)), (right, len(BODY) + 1)):
        with pytest.raises(S3Error) as caught:
            await _all(payload.hashed(_stream([BODY]), length, wrong))
        assert caught.value.code == "XAmzContentSHA256Mismatch"


@pytest.mark.parametrize("name", sorted(checksums.BY_HEADER))
async def test_every_checksum(name: str) -> None:
    known = {
        "x-amz-checksum-crc32": "y/Q5Jg==",
        "x-amz-checksum-crc32c": "4waSgw==",
        "x-amz-checksum-crc64nvme": "rosUhgp5mIg=",
        "x-amz-checksum-sha1": "98O8HYCOBHMq32eZZczDTKeuNEE=",
        "x-amz-checksum-sha256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
    }
    digest = checksums.BY_HEADER[name]()
    for part in (b"1234", b"56789"):
        digest.update(part)
    assert digest.digest() == checksums.value_of(digest, known[name])
    assert checksums.value_of(digest, known[name][:-2] + "h=") is None
