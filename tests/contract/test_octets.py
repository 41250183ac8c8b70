"""Headers that are no UTF-8, as text and back."""

from __future__ import annotations

import random

import pytest

from mopenstack.contract import octets


@pytest.mark.parametrize(
    ("header", "is_utf8"),
    [
        (b"plain", True),
        ("ä\U0010ffff\U0010ff80\U0010ff7f\U0010fd80".encode(), True),
        (b"\xe3\x81", False),
        (b"\xff\xfe \xf4\x8f", False),
        ("\U0010fffd".encode() + b"\xf4\x8f", False),
        *((random.Random(seed).randbytes(40), False) for seed in range(20)),  # the same in each run
    ],
)
def test_nothing_is_lost(header: bytes, *, is_utf8: bool) -> None:
    text = octets.as_text(header.decode("utf-8", "surrogateescape"))
    assert octets.as_bytes(text.encode()) == header
    assert octets.size(text) == len(header)
    assert octets.is_utf8(text) is is_utf8
