"""The ledger finds what is lost, half done, or there although it was deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from soak.ledger import Entry, Ledger, Refused, Unanswered

Volumes = dict[str, dict[str, Any]]


@pytest.fixture
def ledger() -> Ledger:
    """One volume, `kept`, is acknowledged."""
    ledger = Ledger()
    kept = Entry("volume", "kept", "c0", "1")
    with ledger.step("create kept").creates(kept, name="kept", size=1, server=None):
        pass
    return ledger


def _kept(ledger: Ledger) -> Entry:
    (kept,) = ledger.of("c0", "volume")
    return kept


def _settle(ledger: Ledger, *volumes: dict[str, Any], **others: Volumes) -> list[str]:
    return ledger.settle({"volume": {one["id"]: one for one in volumes}, **others})


KEPT = {"id": "1", "name": "kept", "size": 1, "server": None}


def test_what_is_as_acknowledged(ledger: Ledger) -> None:
    assert _settle(ledger, KEPT) == []


def test_what_is_lost(ledger: Ledger) -> None:
    (text,) = _settle(ledger)
    assert text.startswith("lost: volume kept")
    assert "acknowledged: create kept" in text


def test_a_change_that_is_lost(ledger: Ledger) -> None:
    with ledger.step("extend").changes(_kept(ledger), size=2):
        pass
    (text,) = _settle(ledger, KEPT)
    assert text.startswith("lost change: size is 1 and was acknowledged as 2")


def test_what_was_deleted(ledger: Ledger) -> None:
    with ledger.step("delete").deletes(_kept(ledger)):
        pass
    assert [text.split(":")[0] for text in _settle(ledger, KEPT)] == [
        "acknowledged as deleted, and there",
        "never acknowledged, and there",
    ]


def test_what_was_refused(ledger: Ledger) -> None:
    with suppress(Refused), ledger.step("extend").changes(_kept(ledger), size=2):
        raise Refused("413")
    assert _settle(ledger, KEPT) == []
    assert _settle(ledger, {**KEPT, "size": 2}) != []


def test_an_unanswered_call_did_all_or_nothing(ledger: Ledger) -> None:
    def boot() -> None:
        step = ledger.step("boot").creates(Entry("server", "s", "c0"), name="s").changes(_kept(ledger), server="s")
        with suppress(Unanswered), step:
            raise Unanswered("the connection was closed")

    server = {"server": {"9": {"id": "9", "name": "s"}}}
    boot()
    assert not ledger.of("c0", "volume"), "what is not known is not used"
    assert _settle(ledger, KEPT, server={}) == []
    boot()
    (text,) = (text for text in _settle(ledger, KEPT, **server) if text.startswith("half done"))
    assert "volume kept: server is None; before None, after 's'" in text


def test_an_unanswered_call_that_was_done(ledger: Ledger) -> None:
    with suppress(Unanswered), ledger.step("boot").creates(Entry("server", "s", "c0"), name="s"):
        raise Unanswered("the connection was closed")
    assert _settle(ledger, KEPT, server={"9": {"id": "9", "name": "s"}}) == []
    assert [server.id for server in ledger.of("c0", "server")] == ["9"]
    assert [text[:4] for text in _settle(ledger, KEPT, server={})] == ["lost"], "it was seen: it has to stay"
