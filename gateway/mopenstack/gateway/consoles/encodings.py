"""Pixels as RFB carries them. Source: RFC 6143 (7.4, 7.7.1), and the Tight encoding of the RFB protocol's community
documentation (7.7.7): the palette filter with zlib.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from mopenstack.gateway.consoles.text import PALETTE

RAW, TIGHT = 0, 7
_PALETTE_FILTER, _EXPLICIT_FILTER = 1, 0x40
_BYTE, _SEVEN, _LEVEL = 0xFF, 0x7F, 6


class UnknownFormat(ValueError):
    """A pixel format that this server does not write."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What SetPixelFormat says (RFC 6143, 7.4)."""

    bits: int = 32
    depth: int = 24
    big_endian: bool = False
    true_colour: bool = True
    maxima: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    @classmethod
    def of(cls, data: bytes) -> PixelFormat:
        """Read 16 bytes; raises UnknownFormat."""
        bits, depth, big, true, *rest = struct.unpack(">BBBBHHHBBBxxx", data)
        found = cls(bits, depth, bool(big), bool(true), tuple(rest[:3]), tuple(rest[3:]))
        if bits not in (8, 16, 32) or (not true and bits != 8) or (true and max(found.shifts) >= bits):
            raise UnknownFormat(f"{bits} bits a pixel, {'' if true else 'not '}in true colour")
        return found

    def packed(self) -> bytes:
        big, true = int(self.big_endian), int(self.true_colour)
        return struct.pack(">BBBBHHHBBBxxx", self.bits, self.depth, big, true, *self.maxima, *self.shifts)

    @property
    def is_compact(self) -> bool:
        """Whether Tight carries a colour as three bytes."""
        return self.true_colour and self.bits == 32 and self.depth == 24 and self.maxima == (_BYTE,) * 3

    def pixel(self, number: int) -> bytes:
        """A colour of the palette."""
        if not self.true_colour:
            return bytes([number])
        parts = zip(PALETTE[number], self.maxima, self.shifts, strict=True)
        value = sum(part * maximum // _BYTE << shift for part, maximum, shift in parts) & (1 << self.bits) - 1
        return value.to_bytes(self.bits // 8, "big" if self.big_endian else "little")


def raw(data: bytes, format: PixelFormat) -> bytes:
    """Pixels one after the other."""
    size = format.bits // 8
    table = [format.pixel(number) for number in range(len(PALETTE))]
    out = bytearray(len(data) * size)
    for place in range(size):
        column = bytes(pixel[place] for pixel in table)
        out[place::size] = data.translate(column + bytes(256 - len(column)))
    return bytes(out)


class Tight:
    """The one zlib stream of a session."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_LEVEL)

    def encode(self, data: bytes, format: PixelFormat) -> bytes:
        """Pixels as numbers of a palette, compressed."""
        if format.is_compact:
            colours = b"".join(map(bytes, PALETTE))
        else:
            colours = b"".join(format.pixel(number) for number in range(len(PALETTE)))
        packed = self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        head = bytes([_EXPLICIT_FILTER, _PALETTE_FILTER, len(PALETTE) - 1])
        return head + colours + _length(len(packed)) + packed


def _length(size: int) -> bytes:
    """A length in one to three bytes, seven bits in each of the first two."""
    if size <= _SEVEN:
        return bytes([size])
    if size < 1 << 14:
        return bytes([size & _SEVEN | 0x80, size >> 7])
    return bytes([size & _SEVEN | 0x80, size >> 7 & _SEVEN | 0x80, size >> 14])
