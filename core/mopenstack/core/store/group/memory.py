"""Memory that the processes of a group share: what each of them committed, and whose turn it is to write.

    head    the epoch (odd: the database may be another's now), and how much each process has told in all
    slots   of the clouds whose names have the same hash: a version (odd while a commit is under way), and who commits
    waits   of each process one bit a slot: it waits for its turn there
    rings   of each process the last of what it told: length, bytes; length, bytes ...

Each word has one writer at a time: rings and waits the process itself, a slot the one that holds its lock, the epoch
the process that started the others. Locks are the kernel's (`fcntl`, one byte a slot), which lets go of them when a
process is killed.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

WORKERS_MAX = 32
SLOTS = 1024
RING_BYTES = 1 << 20
TOLD_MAX = RING_BYTES // 4
"""The most bytes that are told at once; of more it is told that all of the cloud may have changed."""

# Native words lie at multiples of their size, so that the machine reads and writes each at once.
_WORD = Struct("@Q")
_WORDS = Struct(f"@{WORKERS_MAX}Q")
_SLOT = Struct("@QII")
_LENGTH = Struct("<I")
_HEAD_END = 8 + 8 * WORKERS_MAX
_SLOTS_AT = 4096
_WAITS_AT = _SLOTS_AT + SLOTS * _SLOT.size
_WAIT_BYTES = SLOTS // 8
_NOBODY = bytes(WORKERS_MAX)
_RINGS_AT = 65536
SIZE = _RINGS_AT + WORKERS_MAX * RING_BYTES
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a file without a name is made there


def new_memory() -> int:
    """A descriptor of memory for a group: a file without a name, which ends with the last process that has it open."""
    folder = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryFile(dir=folder) as file:
        found = os.dup(file.fileno())
    os.ftruncate(found, SIZE)
    return found


class Overtaken(Exception):
    """A process told more than its ring holds before this one looked."""


class GroupMemory:
    """As one process sees it: `worker` is its number; the one that started the others has none (-1)."""

    def __init__(self, descriptor: int, worker: int = -1) -> None:
        self.worker = worker
        self.descriptor = descriptor
        self._map = mmap.mmap(descriptor, SIZE)
        self._read = self._ends()

    def close(self) -> None:
        self._map.close()

    # -- head

    def head(self) -> bytes:
        """What is other bytes as soon as any process told something, or the epoch changed."""
        return self._map[:_HEAD_END]

    @property
    def epoch(self) -> int:
        """Odd: the group does not know that it has the database for itself."""
        found: int = _WORD.unpack_from(self._map)[0]
        return found

    def set_epoch(self, epoch: int) -> None:
        _WORD.pack_into(self._map, 0, epoch)

    def _told(self, worker: int) -> int:
        """How many bytes a process has told in all."""
        found: int = _WORD.unpack_from(self._map, 8 + 8 * worker)[0]
        return found

    def _ends(self) -> tuple[int, ...]:
        """The same of each."""
        return _WORDS.unpack_from(self._map, 8)

    # -- what was told

    def tell(self, told: bytes) -> None:
        """Tell the other processes something of at most TOLD_MAX bytes."""
        assert len(told) <= TOLD_MAX
        before = self._told(self.worker)
        record = _LENGTH.pack(len(told)) + told
        self._put(before, record)
        _WORD.pack_into(self._map, 8 + 8 * self.worker, before + len(record))

    def news(self) -> Iterator[bytes]:
        """What the other processes told since it was last asked for; raises Overtaken."""
        before, self._read = self._read, self._ends()
        for worker, (place, end) in enumerate(zip(before, self._read, strict=True)):
            if place == end or worker == self.worker:
                continue
            found, start = [], place
            while place < end and end - start <= RING_BYTES:
                length = _LENGTH.unpack(self._get(worker, place, _LENGTH.size))[0]
                if length > TOLD_MAX:
                    raise Overtaken
                found.append(self._get(worker, place + _LENGTH.size, length))
                place += _LENGTH.size + length
            # What is being told at this moment lies over the oldest of the ring.
            if self._told(worker) + _LENGTH.size + TOLD_MAX - start > RING_BYTES:
                raise Overtaken
            yield from found

    def skip_news(self) -> None:
        """Look at nothing that was told before."""
        self._read = self._ends()

    def _put(self, place: int, record: bytes) -> None:
        base, start = _RINGS_AT + self.worker * RING_BYTES, place % RING_BYTES
        first = record[: RING_BYTES - start]
        self._map[base + start : base + start + len(first)] = first
        if rest := record[len(first) :]:
            self._map[base : base + len(rest)] = rest

    def _get(self, worker: int, place: int, length: int) -> bytes:
        base, start = _RINGS_AT + worker * RING_BYTES, place % RING_BYTES
        found = self._map[base + start : base + min(start + length, RING_BYTES)]
        return found + self._map[base : base + length - len(found)] if len(found) < length else found

    # -- slots

    @staticmethod
    def slot(cloud: str) -> int:
        """The slot of a cloud, which others may have too."""
        return zlib.crc32(cloud.encode()) % SLOTS

    def version(self, slot: int) -> int:
        """Grows with each commit; odd while one is under way, or while it is not known what became of it."""
        found: int = _SLOT.unpack_from(self._map, _SLOTS_AT + slot * _SLOT.size)[0]
        return found

    def committer(self, slot: int) -> tuple[int, int]:
        """Who commits, or committed last: the process's number, and the server's process (0: it is not known)."""
        _, worker, backend = _SLOT.unpack_from(self._map, _SLOTS_AT + slot * _SLOT.size)
        return worker, backend

    def set_version(self, slot: int, version: int, backend: int = 0) -> None:
        """Set it; only while the slot's lock is held."""
        _SLOT.pack_into(self._map, _SLOTS_AT + slot * _SLOT.size, version, max(self.worker, 0), backend)

    # -- turns

    def try_lock(self, slot: int) -> bool:
        """Take the lock of a slot, if no other process has it. Whoever shares this process must take turns itself."""
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True

    def unlock(self, slot: int) -> None:
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, slot)

    def wait(self, slot: int, waits: bool) -> None:
        """Say whether this process waits for a lock."""
        place = _WAITS_AT + max(self.worker, 0) * _WAIT_BYTES + slot // 8
        bit = 1 << slot % 8
        self._map[place] = self._map[place] | bit if waits else self._map[place] & ~bit

    def is_wanted(self, slot: int) -> bool:
        """Whether another process waits for a lock."""
        place, bit = _WAITS_AT + slot // 8, 1 << slot % 8
        waits = self._map[place : place + WORKERS_MAX * _WAIT_BYTES : _WAIT_BYTES]
        return waits != _NOBODY and any(byte & bit for worker, byte in enumerate(waits) if worker != self.worker)

    def start_worker(self) -> None:
        """Forget what an earlier process of the same number waited for."""
        place = _WAITS_AT + self.worker * _WAIT_BYTES
        self._map[place : place + _WAIT_BYTES] = bytes(_WAIT_BYTES)
