"""What format the beginning of a disk image shows, and how large the disk is (oslo_utils.imageutils.format_inspector).

Only the head of the bytes is at hand, so formats whose size stands elsewhere (vhdx, vmdk's descriptor) are
known by name alone.
"""

from __future__ import annotations

import struct

from mopenstack.image.v2 import refusals

INSPECTABLE = frozenset({"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"})
ISO_BLOCK = 32 * 1024


def detect(head: bytes) -> tuple[str, int]:
    """(format, size of the disk in bytes or 0); "raw" where nothing is recognised."""
    if head.startswith(b"QFI\xfb") and len(head) >= 512:
        return "qcow2", int(struct.unpack(">Q", head[24:32])[0])
    if head.startswith(b"conectix") and len(head) >= 512:
        return "vhd", int(struct.unpack(">Q", head[40:48])[0])
    if head[0x40:0x44] == struct.pack("<I", 0xBEDA107F) and len(head) >= 512:
        return "vdi", int(struct.unpack("<Q", head[0x170:0x178])[0])
    for magic, name in ((b"vhdxfile", "vhdx"), (b"QED\0", "qed"), (b"LUKS\xba\xbe", "luks")):
        if head.startswith(magic):
            return name, 0
    if head.startswith(b"KDMV") and len(head) >= 20:
        return "vmdk", int(struct.unpack("<Q", head[12:20])[0]) * 512
    if head[ISO_BLOCK + 1 : ISO_BLOCK + 6] in (b"CD001", b"NSR02", b"NSR03"):
        return "iso", _iso_size(head[ISO_BLOCK:])
    if len(head) >= 512 and head[510:512] == b"\x55\xaa" and not (head[0x10] == 2 and head[0x15] == 0xF8):
        return "gpt", 0
    return "raw", 0


def virtual_size(head: bytes, size: int, disk_format: str, container_format: str, *, strict: bool = True) -> int:
    """The disk's size; raises WrongContent where the bytes are not of the declared format.

    Like glance, which looks only into bare containers and takes anything for raw. Not `strict`, a wrong format is
    accepted ([image_format] require_image_format_match), but not one that is unsafe.
    """
    if container_format != "bare":
        return 0
    found, disk = detect(head)
    if found == "qcow2" and disk_format == "qcow2" and head[8:16] != b"\0" * 8:
        raise refusals.WrongContent()  # a backing file: glance's safety check
    if found == disk_format:
        return size if found == "raw" else disk
    if disk_format == "raw":
        return size
    if found == "raw" and disk_format not in INSPECTABLE:
        return 0
    if not strict:
        return 0
    raise refusals.WrongContent()


def stand_in(disk_format: str, text: str) -> bytes:
    """A few bytes of the format, for bytes that come from where a mock does not go."""
    body = text.encode()
    if disk_format == "qcow2":
        head = struct.pack(">4sIQIIQIIQ", b"QFI\xfb", 3, 0, 0, 16, 1 << 30, 0, 2, 3 << 16)
        head += struct.pack(">QIIQQQQII", 1 << 16, 1, 0, 0, 0, 0, 0, 4, 104)
        body = head + body
    return body.ljust(1024, b"\0")


def _iso_size(block: bytes) -> int:
    if len(block) < 130 or block[0] != 1:
        return 0
    (blocks,) = struct.unpack("<I", block[80:84])
    (block_size,) = struct.unpack("<H", block[128:130])
    return int(blocks * block_size)
