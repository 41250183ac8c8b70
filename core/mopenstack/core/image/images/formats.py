"""What format a disk image has, whether it is a safe one, and how large the disk is.

After glance.location.ImageProxy.set_data and oslo_utils.imageutils.format_inspector. Head and tail of the bytes are at
hand, so what stands further inside (the size of a vhdx) is not known.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mopenstack.core.image.images import vmdk
from mopenstack.image.v2 import refusals

INSPECTABLE = frozenset({"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"})
ISO_BLOCK = 32 * 1024
ISO_BYTES_MIN = ISO_BLOCK + 2048
VHDX_BYTES_MIN = 256 * 1024
"""So far goes the table without which a vhdx is not complete."""
LUKS_BYTES_MIN = 592
QCOW2_FEATURES = 0x48
QCOW2_DATA_FILE = 0x04
QCOW2_KNOWN = 0x0F
"""The incompatible features that are known; bits above them are not."""


class Content(Protocol):
    """Bytes that were written: all that is known of them."""

    @property
    def head(self) -> bytes: ...
    @property
    def tail(self) -> bytes: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A format that bytes have.

    disk      how large the disk is; < 0 where that cannot be read
    complete  whether the bytes hold all that a look at their safety needs
    """

    name: str
    disk: int = 0
    safe: bool = True
    complete: bool = True


class Mismatch(Exception):
    """Bytes that are not of the declared format, or of no format alone."""


def virtual_size(content: Content, disk_format: str, container_format: str, *, strict: bool = True) -> int:
    """The disk's size, 0 where it is not known; raises WrongContent.

    Only bare containers are looked into, and anything may be called raw. What is unsafe is refused whatever it is
    called: a file that makes its reader open other files. Not `strict`, a wrong format is accepted
    ([image_format] require_image_format_match).
    """
    if container_format != "bare":
        return 0
    disk = 0
    try:
        found = _one_of(detect(content), disk_format)
        if found.name == disk_format:
            disk = found.disk
        elif disk_format == "raw":
            disk = content.size
        elif found.name != "raw" or disk_format in INSPECTABLE:
            raise Mismatch
        if found.safe and (disk < 0 or not found.complete):
            raise Mismatch
    except Mismatch:
        if strict:
            raise refusals.WrongContent() from None
        return max(0, disk)
    if not found.safe:
        raise refusals.WrongContent()
    return max(0, disk)


def detect(content: Content) -> list[Found]:
    """All formats that bytes have; raw alone where none is recognised."""
    found = [one for look in _LOOKS if (one := look(content)) is not None]
    return found or [Found("raw", content.size)]


def _one_of(found: list[Found], disk_format: str) -> Found:
    """The one format of bytes; an ISO that boots as a disk has a partition table, and is an ISO."""
    if len(found) == 1:
        return found[0]
    by_name = {one.name: one for one in found}
    if by_name.keys() != {"iso", "gpt"} or disk_format == "raw":
        raise Mismatch
    return by_name["iso"]


def _qcow2(content: Content) -> Found | None:
    head = content.head
    if not head.startswith(b"QFI\xfb") or len(head) < 512:
        return None
    version, backing_file = struct.unpack(">IQ", head[4:16])
    (size,) = struct.unpack(">Q", head[24:32])
    features = head[QCOW2_FEATURES : QCOW2_FEATURES + 8]
    known = version == 2 or (version == 3 and not any(features[:7]) and not features[7] & ~QCOW2_KNOWN)
    return Found("qcow2", size, safe=known and not backing_file and not features[7] & QCOW2_DATA_FILE)


def _vhd(content: Content) -> Found | None:
    head = content.head
    if not head.startswith(b"conectix"):
        return None
    complete = len(head) >= 512
    return Found("vhd", int(struct.unpack(">Q", head[40:48])[0]) if complete else 0, complete=complete)


def _vhdx(content: Content) -> Found | None:
    if not content.head.startswith(b"vhdxfile"):
        return None
    return Found("vhdx", complete=content.size >= VHDX_BYTES_MIN)


def _vmdk(content: Content) -> Found | None:
    found = vmdk.look(content.head, content.tail, content.size)
    return Found("vmdk", found.disk, found.safe, found.complete) if found is not None else None


def _vdi(content: Content) -> Found | None:
    head = content.head
    if len(head) < 512 or head[0x40:0x44] != struct.pack("<I", 0xBEDA107F):
        return None
    return Found("vdi", int(struct.unpack("<Q", head[0x170:0x178])[0]))


def _qed(content: Content) -> Found | None:
    """Known, and never allowed."""
    is_one = content.head.startswith(b"QED\0") and len(content.head) >= 512
    return Found("qed", safe=False) if is_one else None


def _iso(content: Content) -> Found | None:
    head = content.head
    if len(head) < ISO_BYTES_MIN or head[ISO_BLOCK + 1 : ISO_BLOCK + 6] not in (b"CD001", b"NSR02", b"NSR03"):
        return None
    block = head[ISO_BLOCK:]
    (blocks,), (block_size,) = struct.unpack("<I", block[80:84]), struct.unpack("<H", block[128:130])
    return Found("iso", blocks * block_size if block[0] == 1 else 0)


def _gpt(content: Content) -> Found | None:
    """A partition table, an old one or GPT's. What may be wrong with it is no reason to refuse it."""
    head = content.head
    if len(head) < 512 or head[510:512] != b"\x55\xaa" or (head[0x10] == 2 and head[0x15] == 0xF8):
        return None
    return Found("gpt", content.size)


def _luks(content: Content) -> Found | None:
    head = content.head
    if not head.startswith(b"LUKS\xba\xbe"):
        return None
    if len(head) < LUKS_BYTES_MIN:
        return Found("luks", complete=False)
    (version,), (offset,) = struct.unpack(">H", head[6:8]), struct.unpack(">I", head[104:108])
    return Found("luks", max(0, content.size - offset * 512), safe=version == 1)


_LOOKS: tuple[Callable[[Content], Found | None], ...] = (_qcow2, _vhd, _vhdx, _vmdk, _vdi, _qed, _iso, _gpt, _luks)


def stand_in(disk_format: str, text: str) -> bytes:
    """A few bytes of the format, for bytes that come from where a mock does not go."""
    body = text.encode()
    if disk_format == "qcow2":
        head = struct.pack(">4sIQIIQIIQ", b"QFI\xfb", 3, 0, 0, 16, 1 << 30, 0, 2, 3 << 16)
        head += struct.pack(">QIIQQQQII", 1 << 16, 1, 0, 0, 0, 0, 0, 4, 104)
        body = head + body
    return body.ljust(1024, b"\0")
