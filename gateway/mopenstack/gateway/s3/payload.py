"""A body as it comes: aws-chunked taken apart, its digests and signatures looked at, never whole in memory.

Each stage is an iterator of bytes over another; what is wrong is raised before the last bytes are passed on, so that
nothing that is wrong is ever stored.

Source: swift.common.middleware.s3api.s3request (StreamingInput, ChunkReader, HashingInput, ChecksummingInput).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping

from mopenstack.gateway.s3.checksums import Digest, value_of
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.signatures import Chunks

CHUNK_BYTES_MIN = 8192
"""Every chunk but the last one is of so many bytes at least."""
LINE_BYTES_MAX = 8192
TRAILERS_MAX = 16
_END = b"\r\n"
SIGNATURE_TRAILER = "x-amz-trailer-signature"


class Reader:
    """Lines and numbers of bytes out of a stream."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._held = b""
        self._ended = False

    async def _fill(self) -> bool:
        """Take one more piece; whether there was one."""
        if not self._ended:
            try:
                self._held += await anext(self._source)
            except StopAsyncIteration:
                self._ended = True
        return not self._ended

    async def line(self) -> bytes:
        """A line with its end; what is left, where the stream ends, or the line is too long."""
        while b"\n" not in self._held and len(self._held) <= LINE_BYTES_MAX and await self._fill():
            pass
        end = self._held.find(b"\n") + 1 or len(self._held)
        found, self._held = self._held[:end], self._held[end:]
        return found

    async def some(self, most: int) -> bytes:
        """At least one byte, at most so many; nothing at the end of the stream."""
        while not self._held and await self._fill():
            pass
        found, self._held = self._held[:most], self._held[most:]
        return found

    async def exactly(self, number: int) -> bytes:
        """So many bytes; less at the end of the stream."""
        while len(self._held) < number and await self._fill():
            pass
        found, self._held = self._held[:number], self._held[number:]
        return found


def _incomplete() -> S3Error:
    return S3Error("IncompleteBody", "The request body terminated unexpectedly")


class Unchunked:
    """The bytes in an aws-chunked body.

    length      how many they are, as the request announces
    expected    names of the trailers that come behind them, in small letters
    chunks      gives the chain of signatures, once it is known who signs; None: they are not signed
    mismatch    makes the refusal of a signature that does not match
    """

    def __init__(
        self,
        source: AsyncIterator[bytes],
        length: int,
        expected: Collection[str],
        chunks: Callable[[], Chunks | None],
        mismatch: Callable[[Chunks], S3Error],
        signed: bool,
    ) -> None:
        self._reader = Reader(source)
        self._length = length
        self._expected = set(expected)
        self._chunks = chunks
        self._mismatch = mismatch
        self._signed = signed
        self.trailers: dict[str, str] = {}
        """Known once all bytes are passed on but the last."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chain = self._chunks() if self._signed else None
        if self._signed and chain is None:
            raise S3Error(
                "NotImplemented", "Transferring payloads in multiple chunks using aws-chunked is not supported."
            )
        left, last, number = self._length, -1, 0
        held = b""  # passed on once what comes behind it is known to be right
        while True:
            number += 1
            size, told = await self._header()
            if 0 <= last < CHUNK_BYTES_MIN and size:
                raise S3Error("InvalidChunkSizeError", chunk=number, bad_chunk_size=last)
            last = size
            if size > left:
                provided = self._length - left + size
                raise S3Error("IncompleteBody", number_bytes_expected=self._length, number_bytes_provided=provided)
            signature = self._signature(told, chain) if chain is not None else ""
            sha256, unread = hashlib.sha256(), size
            while unread:
                piece = await self._reader.some(unread)
                if not piece:
                    raise _incomplete()
                unread -= len(piece)
                if chain is not None:
                    sha256.update(piece)
                if held:
                    yield held
                held = piece
            if chain is not None and not chain.check_chunk(sha256.hexdigest(), signature):
                raise self._mismatch(chain)
            left -= size
            if size == 0:
                break
            if await self._reader.exactly(2) != _END:
                raise _incomplete()
        await self._read_trailers(chain)
        if left:
            raise S3Error(
                "IncompleteBody", number_bytes_expected=self._length, number_bytes_provided=self._length - left
            )
        if held:
            yield held

    async def _header(self) -> tuple[int, str]:
        """The size of the next chunk, and what is told beside it."""
        line = await self._reader.line()
        if not line.endswith(_END):
            raise _incomplete()
        size, _, told = line[:-2].decode("latin-1").partition(";")
        try:
            found = int(size, 16)
        except ValueError:
            raise _incomplete() from None
        if found < 0 or found > 2**63:
            raise _incomplete()
        return found, told

    def _signature(self, told: str, chain: Chunks) -> str:
        if not told:
            raise _incomplete()
        name, _, signature = told.partition("=")
        if name.strip() != "chunk-signature":
            chain.check_chunk("", "")
            raise self._mismatch(chain)
        if ";" in signature or not signature.strip():
            raise _incomplete()
        return signature.strip()

    async def _read_trailers(self, chain: Chunks | None) -> None:
        if not self._expected:
            if await self._reader.exactly(2) not in (b"", _END):
                raise _incomplete()
            return
        for _ in range(TRAILERS_MAX):
            line = await self._reader.line()
            if not line:
                break
            if not line.endswith(_END):
                raise _incomplete()
            if line == _END:
                break
            name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
            if name.lower() not in self._expected:
                raise S3Error("MalformedTrailerError")
            self.trailers[name.strip()] = value.strip()
        if SIGNATURE_TRAILER in self._expected and SIGNATURE_TRAILER not in self.trailers:
            raise _incomplete()
        if self.trailers.keys() != self._expected:
            raise S3Error("MalformedTrailerError")
        if SIGNATURE_TRAILER in self._expected and chain is not None:
            others = [(name, value) for name, value in self.trailers.items() if name != SIGNATURE_TRAILER]
            if not chain.check_trailers(others, self.trailers[SIGNATURE_TRAILER]):
                raise self._mismatch(chain)
            if not others:
                raise _incomplete()


async def hashed(source: AsyncIterator[bytes], length: int, expected: str) -> AsyncIterator[bytes]:
    """Bytes whose SHA-256 the request tells; its last piece is held until they are all there."""
    sha256, seen, held = hashlib.sha256(), 0, b""
    async for piece in source:
        sha256.update(piece)
        seen += len(piece)
        if held:
            yield held
        held = piece
    if seen != length or sha256.hexdigest() != expected.lower():
        raise S3Error(
            "XAmzContentSHA256Mismatch",
            client_computed_content_s_h_a256=expected,
            s3_computed_content_s_h_a256=sha256.hexdigest(),
        )
    if held:
        yield held


async def checked(
    source: AsyncIterator[bytes], digest: Digest, name: str, told: Mapping[str, str], trailing: bool
) -> AsyncIterator[bytes]:
    """Bytes whose checksum a header or a trailer tells, which may come behind them."""
    held = b""
    async for piece in source:
        digest.update(piece)
        if held:
            yield held
        held = piece
    expected = value_of(digest, told.get(name, ""))
    if expected is None:
        where = "trailing header" if trailing else "header"
        raise S3Error("InvalidRequest", f"Value for {name} {where} is invalid.")
    if digest.digest() != expected:
        raise S3Error("BadDigest", f"The {digest.name.upper()} you specified did not match the calculated checksum.")
    if held:
        yield held
