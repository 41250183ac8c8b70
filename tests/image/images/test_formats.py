"""Which bytes may become an image of a format, and how large their disk is: as Glance 32 took them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from mopenstack.core.image.images import formats
from mopenstack.image.v2 import refusals

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any

FULL = 64 * 1024
REFUSED = -1
AT_END = 2**64 - 1
DESCRIPTOR = '# Disk DescriptorFile\nversion=1\ncreateType="{}"\n# Extent\n{}\nddb.x = "1"\n'
SPARSE_EXTENT = 'RW 100 SPARSE "a.vmdk"'


def qcow2(version: int = 3, backing: int = 0, features: int = 0, size: int = FULL) -> bytes:
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing, 0, 16, 1 << 30)
    return (head.ljust(0x48, b"\0") + struct.pack(">Q", features)).ljust(size, b"\0")


def text(kind: str = "monolithicFlat", extent: str = 'RW 100 FLAT "/etc/passwd" 0') -> bytes:
    return DESCRIPTOR.format(kind, extent).encode()


def vmdk(descriptor: bytes, directory: int = 0, version: int = 1, place: int = 1) -> bytes:
    head = struct.pack("<4sIIQQQQIQQ", b"KDMV", version, 3, 100, 128, place, 20, 512, 21, directory)
    return (head.ljust(512, b"\0") + descriptor.ljust(20 * 512, b"\0")).ljust(FULL, b"\0")


def footed(body: bytes) -> bytes:
    """A streamOptimized VMDK with the footer that its header points to."""
    footer = struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 3, 100, 128, 1, 20, 512, 21, 30).ljust(512, b"\0")
    return body + struct.pack("<QII", 1, 0, 3).ljust(512, b"\0") + footer + bytes(512)


def table(*entries: tuple[int, ...]) -> bytes:
    found = bytearray(FULL)
    found[510:512] = b"\x55\xaa"
    for place, entry in enumerate(entries):
        found[446 + 16 * place : 462 + 16 * place] = struct.pack("<B3BB3BII", *entry)
    return bytes(found)


def iso(beginning: bytes = b"") -> bytes:
    found = bytearray(FULL)
    found[: len(beginning)] = beginning
    found[32768:32774] = b"\1CD001"
    found[32768 + 80 : 32768 + 84] = struct.pack("<L", 32)
    found[32768 + 128 : 32768 + 130] = struct.pack("<H", 2048)
    return bytes(found)


LUKS = b"LUKS\xba\xbe\0"
SPARSE, STREAM = text("monolithicSparse", SPARSE_EXTENT), text("streamOptimized", SPARSE_EXTENT)
CASES: list[tuple[str, bytes, str, int, int]] = [
    # what it is, bytes, what it is called, the disk's size where formats must match, and where they need not
    ("qcow2", qcow2(), "qcow2", 1 << 30, 1 << 30),
    ("qcow2", qcow2(), "raw", FULL, FULL),
    ("qcow2", qcow2(), "vdi", REFUSED, 0),
    ("qcow2 of version 2", qcow2(2), "qcow2", 1 << 30, 1 << 30),
    ("qcow2 of version 1", qcow2(1), "qcow2", REFUSED, REFUSED),
    ("qcow2 of version 1", qcow2(1), "raw", REFUSED, REFUSED),
    ("qcow2 with a backing file", qcow2(backing=200), "qcow2", REFUSED, REFUSED),
    ("qcow2 with a backing file", qcow2(backing=200), "raw", REFUSED, REFUSED),
    ("qcow2 with a backing file", qcow2(backing=200), "vdi", REFUSED, 0),
    ("qcow2 with a data file", qcow2(features=4), "qcow2", REFUSED, REFUSED),
    ("qcow2 with a data file", qcow2(features=4), "raw", REFUSED, REFUSED),
    ("qcow2 with unknown features", qcow2(features=16), "qcow2", REFUSED, REFUSED),
    ("qcow2 that was not closed", qcow2(features=1), "qcow2", 1 << 30, 1 << 30),
    ("a short qcow2", qcow2(size=400), "qcow2", REFUSED, 0),
    ("a short qcow2", qcow2(size=400), "raw", 400, 400),
    ("vmdk", vmdk(SPARSE), "vmdk", 51200, 51200),
    ("vmdk", vmdk(SPARSE), "raw", FULL, FULL),
    ("vmdk", vmdk(STREAM), "vmdk", 51200, 51200),
    ("vmdk of a flat file", vmdk(text()), "vmdk", REFUSED, REFUSED),
    ("vmdk of another folder", vmdk(text("monolithicSparse", 'RW 1 SPARSE "/a"')), "vmdk", REFUSED, REFUSED),
    ("vmdk without an extent", vmdk(text("monolithicSparse", "")), "raw", REFUSED, REFUSED),
    ("vmdk with an odd line", vmdk(SPARSE + b"hello there\n"), "vmdk", REFUSED, REFUSED),
    ("vmdk without a descriptor", vmdk(b""), "vmdk", REFUSED, REFUSED),
    ("vmdk without its footer", vmdk(STREAM, AT_END), "vmdk", REFUSED, REFUSED),
    ("vmdk with a footer", footed(vmdk(STREAM, AT_END)), "vmdk", 51200, 51200),
    ("vmdk of an unknown version", vmdk(SPARSE, version=9), "vmdk", REFUSED, REFUSED),
    ("vmdk with the descriptor elsewhere", vmdk(SPARSE, place=2), "raw", REFUSED, REFUSED),
    ("a descriptor alone", text(), "vmdk", REFUSED, REFUSED),
    ("a descriptor alone", text(), "raw", REFUSED, REFUSED),
    ("a descriptor alone", text() + b"# c\n" * 20000, "raw", REFUSED, REFUSED),
    ("a descriptor that names itself", SPARSE, "vmdk", REFUSED, 0),
    ("a descriptor that names itself", SPARSE, "raw", len(SPARSE), len(SPARSE)),
    ("text", b"hello world\n" * 20, "raw", 240, 240),
    ("a partition table", table((0x80, 1, 1, 0, 0x83, 0, 0, 0, 2048, 100)), "raw", FULL, FULL),
    ("a partition table with a bad flag", table((0x81, 1, 1, 0, 0x83, 0, 0, 0, 1, 1)), "raw", FULL, FULL),
    ("iso", iso(), "iso", FULL, FULL),
    ("iso that boots as a disk", iso(bytes(510) + b"\x55\xaa"), "iso", FULL, FULL),
    ("iso that boots as a disk", iso(bytes(510) + b"\x55\xaa"), "raw", REFUSED, 0),
    ("iso that is a qcow2 too", iso(qcow2(size=512)), "iso", REFUSED, 0),
    ("qed", b"QED\0".ljust(FULL, b"\0"), "raw", REFUSED, REFUSED),
    ("luks", LUKS + b"\1".ljust(FULL, b"\0"), "raw", FULL + 7, FULL + 7),
    ("luks 2", LUKS + b"\2".ljust(FULL, b"\0"), "raw", REFUSED, REFUSED),
    ("a short luks", LUKS + b"\1".ljust(293, b"\0"), "raw", REFUSED, 300),
    ("vhd", (b"conectix" + bytes(32) + struct.pack(">Q", 1 << 20)).ljust(FULL, b"\0"), "vhd", 1 << 20, 1 << 20),
    ("a short vhdx", b"vhdxfile".ljust(FULL, b"\0"), "vhdx", REFUSED, 0),
    ("vhdx", b"vhdxfile".ljust(400_000, b"\0"), "vhdx", 0, 0),
    ("vdi", bytes(64) + struct.pack("<I", 0xBEDA107F) + bytes(300) + struct.pack("<Q", 123) * 20, "vdi", 123, 123),
    ("bytes", b"\1" * FULL, "raw", FULL, FULL),
    ("bytes", b"\1" * FULL, "ami", 0, 0),
    ("bytes", b"\1" * FULL, "qcow2", REFUSED, 0),
]


@dataclass
class Content:
    data: bytes

    @property
    def head(self) -> bytes:
        return self.data[:FULL]

    @property
    def tail(self) -> bytes:
        return self.data[-1536:]

    @property
    def size(self) -> int:
        return len(self.data)


def _size(data: bytes, called: str, container: str = "bare", *, strict: bool = True) -> int:
    try:
        return formats.virtual_size(Content(data), called, container, strict=strict)
    except refusals.WrongContent:
        return REFUSED


@pytest.mark.parametrize(("what", "data", "called", "strict", "loose"), CASES, ids=[f"{c[0]} as {c[2]}" for c in CASES])
def test_a_format(what: str, data: bytes, called: str, strict: int, loose: int) -> None:
    assert (_size(data, called), _size(data, called, strict=False)) == (strict, loose)
    assert _size(data, called, "ovf") == 0


@pytest.mark.parametrize(
    ("called", "data"),
    [
        ("qcow2", qcow2(features=4)),
        ("raw", qcow2(backing=200)),
        ("vmdk", vmdk(text())),
        ("raw", text()),
    ],
)
async def test_what_is_unsafe_is_refused_whatever_it_is_called(demo: User, called: str, data: bytes) -> None:
    """And the image waits for other bytes."""
    body = {"disk_format": called, "container_format": "bare"}
    id = (await demo.post("image", "/v2/images", body)).ok(201)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    reply = await demo.send("PUT", "image", f"/v2/images/{id}/file", data=data, headers=headers)
    reply.refused(415, "The request media type application/octet-stream is not supported by this server.")
    image = (await demo.get("image", f"/v2/images/{id}")).ok()
    assert (image["status"], image["size"], image["virtual_size"]) == ("queued", None, None)
