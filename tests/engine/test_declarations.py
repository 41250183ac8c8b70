"""Further words of the annotations: another key, the order of policy and target, refusals that are declared."""

from __future__ import annotations

import pytest

from mopenstack.contract.faults import BadRequest, PolicyRefused
from tests.engine.conftest import Library
from tests.engine.library.core.callers import ALICE, BOB, LIBRARIAN, caller
from tests.engine.library.core.readers import errors


async def _reader(library: Library, card: str = "1", **fields: str) -> None:
    await library.ask("CreateReader", LIBRARIAN, reader={"card": card, **fields})


async def test_another_key_than_the_id(library: Library) -> None:
    """Paths, refusals and markers name an object by it."""
    for card in ("3", "1", "2"):
        await _reader(library, card)
    assert (await library.ask("GetReader", card="2")).card == "2"
    with pytest.raises(errors.ReaderNotFound, match="Reader 4 could not be found"):
        await library.ask("GetReader", card="4")
    page = (await library.reply("ListReaders")).result
    assert [reader.card for reader in page.items] == ["1", "2"]  # type: ignore[union-attr]
    assert page.next_marker == "2"  # type: ignore[union-attr]
    rest = await library.ask("ListReaders", query={"marker": "2", "limit": 9})
    assert [reader.card for reader in rest] == ["3"]
    with pytest.raises(BadRequest):
        await library.ask("ListReaders", query={"marker": "4"})
    await library.ask("DeleteReader", LIBRARIAN, card="2")
    assert [reader.card for reader in await library.ask("ListReaders", query={"limit": 9})] == ["1", "3"]


async def test_policy_before_or_after_the_target(library: Library) -> None:
    """Where the policy is asked first, a caller who may not does not learn what is there."""
    with pytest.raises(errors.ReaderNotFound):
        await library.ask("DeleteReader", card="404")
    with pytest.raises(PolicyRefused):
        await library.ask("AskReader", card="404")


async def test_a_refusal_of_its_own_for_a_target_that_is_not_there(library: Library) -> None:
    with pytest.raises(errors.NotTold, match="Of 404 nothing is told"):
        await library.ask("AskReader", LIBRARIAN, card="404")
    await _reader(library)
    assert (await library.ask("AskReader", LIBRARIAN, card="1")).card == "1"


async def test_a_strict_check(library: Library) -> None:
    """What the target leaves empty is not the caller's own."""
    await _reader(library, "1", home="red")
    await _reader(library, "2")
    assert await library.ask("GreetReader", ALICE, card="1")
    for who, card in ((BOB, "1"), (ALICE, "2"), (caller("x", ""), "2")):
        with pytest.raises(PolicyRefused):
            await library.ask("GreetReader", who, card=card)


async def test_an_operation_that_refuses(library: Library) -> None:
    """What the cloud does not have is refused to callers that the policy allows; others are refused by it."""
    await _reader(library)
    with pytest.raises(errors.NoMachine, match="There is no machine for it"):
        await library.ask("ScanReader", LIBRARIAN, card="1")
    with pytest.raises(PolicyRefused):
        await library.ask("ScanReader", card="1")
    with pytest.raises(errors.ReaderNotFound):
        await library.ask("ScanReader", LIBRARIAN, card="404")
