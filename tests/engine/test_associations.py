"""Relations between objects: both ends are looked for, in order; they go with what they are declared to go with."""

from __future__ import annotations

from typing import Any

import pytest
from mopenstack_tests.library.v1 import readers_pb2

from mopenstack.core.engine.associations import association_handler
from tests.engine.conftest import Library
from tests.engine.library.core.callers import BOB, LIBRARIAN
from tests.engine.library.core.readers import SUBSCRIPTIONS, errors


async def _ends(library: Library, *cards: str) -> str:
    """The id of a shelf; readers with these cards."""
    for card in cards:
        name = "banned" if card == "13" else f"reader {card}"
        await library.ask("CreateReader", LIBRARIAN, reader={"card": card, "name": name})
    return str((await library.shelf()).id)


async def _count(library: Library, message: Any) -> int:
    return await library.transact(lambda call: call.tx.count(message))


async def test_add_check_remove(library: Library) -> None:
    shelf = await _ends(library, "1")
    ends = {"shelf_id": shelf, "card": "1"}
    with pytest.raises(errors.NoSubscription, match="Reader 1 is not subscribed"):
        await library.ask("CheckSubscription", **ends)
    for _ in range(2):  # again changes nothing
        made = await library.ask("Subscribe", **ends)
        assert (made.id, made.shelf_id, made.card) == (f"{shelf}:1", shelf, "1")
    assert await _count(library, readers_pb2.Subscription) == 1
    await library.ask("CheckSubscription", **ends)
    await library.ask("Unsubscribe", **ends)
    for rpc in ("CheckSubscription", "Unsubscribe", "CancelSubscription"):
        with pytest.raises(errors.NoSubscription):
            await library.ask(rpc, **ends)


async def test_a_step_that_the_verb_does_not_say(library: Library) -> None:
    ends = {"shelf_id": await _ends(library, "1"), "card": "1"}
    await library.ask("Subscribe", **ends)
    await library.ask("CancelSubscription", **ends)
    assert await _count(library, readers_pb2.Subscription) == 0


@pytest.mark.parametrize(
    ("rpc", "first", "second"),
    [
        ("Subscribe", errors.ShelfNotFound, errors.ReaderNotFound),
        ("Unsubscribe", errors.ShelfNotFound, errors.ReaderNotFound),
        ("CheckSubscription", errors.ReaderNotFound, errors.ShelfNotFound),  # by `ends`
    ],
)
async def test_ends_that_are_not_there(library: Library, rpc: str, first: Any, second: Any) -> None:
    """Refused as their own resources refuse them, in the order in which they are named."""
    shelf = await _ends(library, "1")
    with pytest.raises(first):
        await library.ask(rpc, shelf_id="nowhere", card="404")
    half = {"shelf_id": shelf, "card": "404"} if first is errors.ShelfNotFound else {"shelf_id": "no", "card": "1"}
    with pytest.raises(second):
        await library.ask(rpc, **half)
    with pytest.raises(errors.ShelfNotFound):
        await library.ask(rpc, BOB, shelf_id=shelf, card="1")


async def test_a_caller_who_may_not(library: Library) -> None:
    """`permit` is asked once the ends are known to be there."""
    shelf = await _ends(library, "13")
    with pytest.raises(errors.NotTold):
        await library.ask("Subscribe", shelf_id=shelf, card="13")
    with pytest.raises(errors.ShelfNotFound):
        await library.ask("Subscribe", shelf_id="nowhere", card="13")


async def test_lists_of_partners(library: Library) -> None:
    shelf = await _ends(library, "1", "2", "3")
    other = (await library.shelf("Other")).id
    for id, card in ((shelf, "3"), (shelf, "1"), (other, "1")):
        await library.ask("Subscribe", shelf_id=id, card=card)
    assert [reader.card for reader in await library.ask("ListSubscribers", shelf_id=other)] == ["1"]
    assert {reader.card for reader in await library.ask("ListSubscribers", shelf_id=shelf)} == {"1", "3"}
    assert {item.id for item in await library.ask("ListSubscribed", card="1")} == {shelf, other}
    found = await library.ask("ListSubscribed", card="1", query={"filters": [{"key": "name", "values": ["Other"]}]})
    assert [item.id for item in found] == [other]
    with pytest.raises(errors.ShelfNotFound):
        await library.ask("ListSubscribers", shelf_id="nowhere")


async def test_what_goes_with_an_end(library: Library) -> None:
    """`deleted_with`: relations of a deleted shelf, and what is declared to go with those."""
    shelf = await _ends(library, "1", "2")
    other = (await library.shelf("Other")).id
    for id, card in ((shelf, "1"), (shelf, "2"), (other, "1")):
        await library.ask("Subscribe", shelf_id=id, card=card)
    assert await _count(library, readers_pb2.SubscriptionNote) == 3
    await library.ask("DeleteShelf", shelf_id=shelf)
    assert await _count(library, readers_pb2.Subscription) == 1
    assert await _count(library, readers_pb2.SubscriptionNote) == 1
    await library.ask("Unsubscribe", shelf_id=other, card="1")
    assert await _count(library, readers_pb2.SubscriptionNote) == 0


async def test_a_declaration_that_does_not_fit(library: Library) -> None:
    operation = library.operation("Subscribe")
    with pytest.raises(ValueError, match="no module holds the rules of the association 'subscription'"):
        association_handler(operation, "", {})
    lists = library.operation("ListSubscribers")
    wrong = SUBSCRIPTIONS.__class__(readers_pb2.Subscription, {"shelf_id": "shelf"})
    with pytest.raises(ValueError, match="card: no end of the association"):
        association_handler(lists, "shelf_id", {"subscription": wrong})
