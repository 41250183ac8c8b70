"""Bytes of images, streamed in and out: in memory, or a folder beside the database."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024
THREAD_BYTES = 64 * 1024
"""Digests of fewer bytes than these cost less than a thread."""
HEAD_BYTES = 64 * 1024
TAIL_BYTES = 1536
PART_SECONDS_MAX = 24 * 3600
"""An upload that nothing was added to for so long has ended."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BlobTooLarge(Exception):
    """More bytes came than the limit allows; what was written is gone again."""


class BlobsFull(Exception):
    """There is no room for the bytes; what was written is gone again."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of bytes that were written. `head` and `tail` are their ends, for looking at formats."""

    key: str
    size: int
    md5: str
    sha512: str
    head: bytes
    tail: bytes = b""


class _Digests:
    """MD5 and SHA-512 of what comes: of large pieces in a thread, while the next ones are read and written."""

    def __init__(self, *, sha512: bool) -> None:
        self._digests = [hashlib.md5(usedforsecurity=False)] + ([hashlib.sha512()] if sha512 else [])
        self._pending: asyncio.Future[None] | None = None

    def _add(self, chunk: bytes) -> None:
        for digest in self._digests:
            digest.update(chunk)

    async def update(self, chunk: bytes) -> None:
        if self._pending is not None:
            await self._pending
            self._pending = None
        if len(chunk) < THREAD_BYTES:
            self._add(chunk)
        else:
            self._pending = asyncio.get_running_loop().run_in_executor(None, self._add, chunk)

    async def finish(self) -> tuple[str, str]:
        """The MD5, and the SHA-512 where it is asked for."""
        if self._pending is not None:
            await self._pending
        md5, *rest = (digest.hexdigest() for digest in self._digests)
        return md5, "".join(rest)


class Blobs(ABC):
    """Keys are `<folder>/<name>`: a folder a cloud, one for the seed."""

    async def write(
        self, key: str, chunks: AsyncIterator[bytes], size_max: int | None = None, *, sha512: bool = True
    ) -> Blob:
        """Store everything that comes; raises BlobTooLarge past `size_max` bytes, and BlobsFull."""
        digests = _Digests(sha512=sha512)
        size, head, tail = 0, b"", b""
        target: BinaryIO | None = None
        try:
            target = self._create(key)
            async for chunk in chunks:
                size += len(chunk)
                if size_max is not None and size > size_max:
                    raise BlobTooLarge(f"more than {size_max} bytes")
                await digests.update(chunk)
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                tail = chunk[-TAIL_BYTES:] if len(chunk) >= TAIL_BYTES else (tail + chunk)[-TAIL_BYTES:]
                target.write(chunk)
            md5, long = await digests.finish()
            self._finish(key, target)
        except BaseException as error:
            if target is not None:
                with suppress(OSError):  # what is not written yet cannot be
                    target.close()
            self.delete(key)
            if isinstance(error, OSError) and error.errno in _FULL:
                raise BlobsFull(str(error)) from error
            raise
        return Blob(key, size, md5, long, head, tail)

    def put(self, key: str, data: bytes) -> None:
        """Store bytes that are known; raises BlobsFull."""
        try:
            target = self._create(key)
            target.write(data)
            self._finish(key, target)
        except OSError as error:
            self.delete(key)
            if error.errno in _FULL:
                raise BlobsFull(str(error)) from error
            raise

    @abstractmethod
    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes in [start, end), in chunks; raises KeyError for an unknown key."""

    @abstractmethod
    def size(self, key: str) -> int:
        """How many bytes; -1 for an unknown key."""

    def path(self, key: str) -> Path | None:
        """The file that has the bytes, where there is one that stays."""
        return None

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget the bytes; an unknown key is no error."""

    @abstractmethod
    def rename(self, blob: Blob, key: str) -> Blob:
        """Keep the bytes under another key, in place of what was there."""

    @abstractmethod
    def keys(self, folder: str) -> set[str]:
        """What is kept under `<folder>/`."""

    @abstractmethod
    def delete_folder(self, folder: str) -> None:
        """Forget everything under `<folder>/`."""

    def close(self) -> None:  # noqa: B027  # nothing to do where the bytes outlive the process
        """Give back what the process holds."""

    @abstractmethod
    def _create(self, key: str) -> BinaryIO: ...

    @abstractmethod
    def _finish(self, key: str, target: BinaryIO) -> None: ...


class MemoryBlobs(Blobs):
    """Small blobs in memory; large ones spill into temporary files, so that images cost no memory."""

    SPILL_BYTES = 1024 * 1024

    def __init__(self) -> None:
        self._blobs: dict[str, BinaryIO] = {}
        self._readers: Counter[BinaryIO] = Counter()

    def _create(self, key: str) -> BinaryIO:
        # Lives as long as the blob does: closing it deletes it.
        return tempfile.SpooledTemporaryFile(max_size=self.SPILL_BYTES)  # type: ignore[return-value]

    def _finish(self, key: str, target: BinaryIO) -> None:
        self._blobs[key] = target

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        source = self._blobs[key]
        self._readers[source] += 1
        place = start
        try:
            while end is None or place < end:
                source.seek(place)
                chunk = source.read(CHUNK_BYTES if end is None else min(CHUNK_BYTES, end - place))
                if not chunk:
                    return
                place += len(chunk)
                yield chunk
        finally:
            self._readers[source] -= 1
            if not self._readers[source]:
                del self._readers[source]
                if self._blobs.get(key) is not source:  # it was deleted meanwhile
                    source.close()

    def size(self, key: str) -> int:
        source = self._blobs.get(key)
        return source.seek(0, 2) if source is not None else -1

    def delete(self, key: str) -> None:
        source = self._blobs.pop(key, None)
        if source is not None and source not in self._readers:  # who reads it goes on, as with a file
            source.close()

    def rename(self, blob: Blob, key: str) -> Blob:
        self.delete(key)
        self._blobs[key] = self._blobs.pop(blob.key)
        return replace(blob, key=key)

    def keys(self, folder: str) -> set[str]:
        return {key for key in self._blobs if key.startswith(f"{folder}/")}

    def delete_folder(self, folder: str) -> None:
        for key in self.keys(folder):
            self.delete(key)

    def close(self) -> None:
        for key in list(self._blobs):
            self.delete(key)


class FolderBlobs(Blobs):
    """Files below a folder. `shared`: other processes write there too, so an upload under way may be theirs."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob("*/*.part"):  # of uploads that did not end
            if not shared or time.time() - part.stat().st_mtime > PART_SECONDS_MAX:
                part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key

    def _create(self, key: str) -> BinaryIO:
        path = self._path(key).with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")

    def _finish(self, key: str, target: BinaryIO) -> None:
        target.close()
        self._path(key).with_suffix(".part").replace(self._path(key))

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        try:
            source = self._path(key).open("rb")
        except FileNotFoundError:
            raise KeyError(key) from None
        with source:
            source.seek(start)
            place = start
            while end is None or place < end:
                chunk = source.read(CHUNK_BYTES if end is None else min(CHUNK_BYTES, end - place))
                if not chunk:
                    return
                place += len(chunk)
                yield chunk

    def size(self, key: str) -> int:
        path = self._path(key)
        return path.stat().st_size if path.exists() else -1

    def path(self, key: str) -> Path | None:
        return self._path(key).absolute()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)
        self._path(key).with_suffix(".part").unlink(missing_ok=True)

    def rename(self, blob: Blob, key: str) -> Blob:
        self._path(blob.key).replace(self._path(key))
        return replace(blob, key=key)

    def keys(self, folder: str) -> set[str]:
        return {f"{folder}/{path.name}" for path in (self._folder / folder).glob("*")}

    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self._folder / folder, ignore_errors=True)
