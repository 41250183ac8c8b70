"""VMDK: a sparse extent with a descriptor inside, or a descriptor alone, which names other files.

After oslo_utils.imageutils.format_inspector.VMDKInspector: every line of the descriptor must be a known one, since a
reader follows what it says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"KDMV"
HEADER = struct.Struct("<4sIIQQQQIQQ")
SECTOR = 512
DESCRIPTOR_SECTOR = 1
DESCRIPTOR_BYTES_MAX = (1 << 20) - 1
TYPE_MAX = 64
FOOTER_BYTES = 3 * SECTOR
AT_END = 2**64 - 1
"""The place of a directory that a footer tells."""
_ONE_FILE = ("monolithicsparse", "streamoptimized")
_ACCESS = ("rw", "rdonly", "noaccess")
_FOOTER_MARKER = 3


@dataclass(frozen=True, slots=True)
class Vmdk:
    """`disk` < 0: its size cannot be read."""

    disk: int = 0
    safe: bool = True
    complete: bool = True


def look(head: bytes, tail: bytes, size: int) -> Vmdk | None:
    """What bytes say of themselves; None for bytes that are no VMDK."""
    if head.startswith(MAGIC):
        return _sparse(head, tail, size)
    return _descriptor_alone(head)


def _descriptor_alone(head: bytes) -> Vmdk | None:
    """A file of text. One that names other files is not safe; one that says that it does not has no size."""
    start = head[:SECTOR]
    if len(head) < HEADER.size or not start.isascii() or not all(_is_text(letter) for letter in start.decode()):
        return None
    text = _text(head)
    kind = _kind(text) if text is not None else ""
    if text is None or not kind:
        return None
    return Vmdk(-1, _is_safe(text, kind))


def _sparse(head: bytes, tail: bytes, size: int) -> Vmdk:
    if len(head) < HEADER.size:
        return Vmdk(complete=False)
    _, version, _, sectors, _, place, count, _, _, directory = HEADER.unpack_from(head)
    if version not in (1, 2, 3) or place != DESCRIPTOR_SECTOR:
        return Vmdk(safe=False)
    end = place * SECTOR + min(count * SECTOR, DESCRIPTOR_BYTES_MAX)
    text = _text(head[place * SECTOR : end])
    kind = _kind(text) if text else ""
    safe = bool(text) and _is_safe(text or "", kind)
    if directory == AT_END:
        safe = safe and _is_footer(head, tail)
    return Vmdk(sectors * SECTOR if kind in _ONE_FILE else 0, safe, complete=size >= end)


def _is_text(letter: str) -> bool:
    return letter.isprintable() or letter.isspace()


def _text(data: bytes) -> str | None:
    data = data.partition(b"\0")[0]
    return data.decode().lower() if data.isascii() else None


def _kind(text: str) -> str:
    """The descriptor's createType; empty where it has none."""
    _, mark, rest = text.partition('createtype="')
    kind, quote, _ = rest.partition('"')
    return kind if mark and len(kind) < TYPE_MAX and quote else ""


def _is_safe(text: str, kind: str) -> bool:
    """Whether all is in this one file, and the descriptor says nothing that is not understood."""
    if kind not in _ONE_FILE:
        return False
    extents = []
    for line in (line.strip() for line in text.split("\n")):
        if not line or line.startswith(("#", "ddb")) or ("=" in line and " " not in line.partition("=")[0]):
            continue
        if line.partition(" ")[0] not in _ACCESS:
            return False
        extents.append(line)
    return bool(extents) and not any("/" in extent for extent in extents)


def _is_footer(head: bytes, tail: bytes) -> bool:
    """Whether the end is a footer that says the same as the header."""
    if len(tail) < FOOTER_BYTES:
        return False
    tail = tail[-FOOTER_BYTES:]
    first, second = HEADER.unpack_from(head), HEADER.unpack_from(tail, SECTOR)
    same = all(first[field] == second[field] for field in (0, 1, 5, 6)) and second[9] != AT_END
    marker, end = struct.unpack_from("<QII496s", tail), struct.unpack_from("<QII496s", tail, 2 * SECTOR)
    return same and marker[1:] == (0, _FOOTER_MARKER, bytes(496)) and end == (0, 0, 0, bytes(496))
