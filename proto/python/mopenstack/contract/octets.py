"""Headers that are no UTF-8, as text that a message can hold.

HTTP's headers are bytes, and a service may keep them as they came (Swift: the metadata of objects). A byte that is no
part of a UTF-8 character is one of the last characters that Unicode leaves to private use: 0x80 is U+10FF80. Where a
client sends these characters themselves, each of their bytes is told so, so that nothing is lost either way.
"""

from __future__ import annotations

import re

_FIRST = 0x10FF00
_LOST = re.compile("[\udc80-\udcff\U0010ff80-\U0010ffff]")
_TOLD_BYTES = re.compile(rb"\xf4\x8f[\xbe\xbf][\x80-\xbf]")


def as_text(header: str) -> str:
    """A header as it was decoded, with surrogates for bytes that are no UTF-8, as text without any."""
    return header if header.isascii() else _LOST.sub(_tell, header)


def _tell(found: re.Match[str]) -> str:
    return "".join(chr(_FIRST + byte) for byte in found[0].encode("utf-8", "surrogateescape"))


def is_utf8(text: str) -> bool:
    """Whether what came was UTF-8."""
    if text.isascii():
        return True
    try:
        as_bytes(text.encode()).decode()
    except UnicodeDecodeError:
        return False
    return True


def size(text: str) -> int:
    """In bytes, as they came."""
    return len(text) if text.isascii() else len(as_bytes(text.encode()))


def as_bytes(encoded: bytes) -> bytes:
    """UTF-8 that holds such text, with the bytes that came."""
    return _TOLD_BYTES.sub(_untell, encoded)


def _untell(found: re.Match[bytes]) -> bytes:
    byte = ord(found[0].decode()) - _FIRST
    return bytes((byte,)) if byte >= 0x80 else found[0]
