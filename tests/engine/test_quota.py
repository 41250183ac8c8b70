"""Units per project: taken and given back with the objects, right under parallel calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mopenstack.core.engine.call import Call
from tests.engine.conftest import Library
from tests.engine.library.core.books import errors
from tests.engine.library.core.callers import BOB, LIBRARIAN

LIMIT = 4


async def _used(library: Library, project: str = "red", resource: str = "books") -> int:
    return await library.transact(lambda call: call.quota.used("library", project, resource))


async def test_a_limit_holds(library: Library) -> None:
    """The refusal has what was used and the limit; it takes nothing, and leaves no object."""
    for number in range(LIMIT):
        await library.book(f"b{number}")
    with pytest.raises(errors.TooMany, match="Too many books: 4 of 4"):
        await library.book("one more")
    assert await _used(library) == LIMIT
    assert len(await library.ask("ListBooks")) == LIMIT
    assert await library.book(caller=BOB), "another project's units are its own"


async def test_a_limit_holds_under_parallel_calls(library: Library) -> None:
    made = await asyncio.gather(*(library.book(f"b{n}") for n in range(12)), return_exceptions=True)
    refused = [one for one in made if isinstance(one, errors.TooMany)]
    assert (len(made) - len(refused), len(refused)) == (LIMIT, 12 - LIMIT)
    assert await _used(library) == LIMIT


async def test_a_delete_gives_back(library: Library) -> None:
    book = await library.book()
    assert await _used(library) == 1
    await library.ask("DeleteBook", book_id=book.id)
    assert await _used(library) == 0


async def test_a_completion_that_deletes_gives_back(library: Library) -> None:
    book = await library.book()
    await library.ask("BurnBook", LIBRARIAN, book_id=book.id)
    assert await library.ask("ListBooks") == []
    assert await _used(library) == 0


async def test_a_refused_create_takes_nothing(library: Library) -> None:
    with pytest.raises(errors.ShelfNotFound):
        await library.book(shelf_id="nowhere")
    assert await _used(library) == 0


async def test_several_resources_at_once(library: Library) -> None:
    """All or none; the refusal names every one that is too many."""

    async def take(call: Call) -> None:
        await call.quota.set_limits("library", "red", {"seats": 2})
        await call.quota.take("library", "red", {"books": 1, "seats": 2})
        for units in ({"books": 1, "seats": 1}, {"books": 9, "seats": 9}):
            with pytest.raises(errors.TooMany) as refused:
                await call.quota.take("library", "red", units)
            over: Any = refused.value
            assert over.facts["resources"] == ("seats" if units["books"] == 1 else "books, seats")
        assert await call.quota.usage("library", "red") == {"books": 1, "seats": 2}

    await library.transact(take)


async def test_whose_limit_it_is(library: Library) -> None:
    """A project's own, else the default class's, else the service's."""

    async def limits(call: Call) -> list[dict[str, int]]:
        quota, found = call.quota, [call.quota.defaults("library")]
        await quota.set_limits("library", "class:default", {"books": 7, "seats": 1})
        await quota.set_limits("library", "red", {"books": 9})
        found += [await quota.limits("library", "red"), await quota.limits("library", "blue")]
        await quota.reset_limits("library", "red")
        return [*found, await quota.limits("library", "red")]

    assert await library.transact(limits) == [
        {"books": LIMIT, "seats": -1},
        {"books": 9, "seats": 1},
        {"books": 7, "seats": 1},
        {"books": 7, "seats": 1},
    ]


async def test_no_limit_and_no_units(library: Library) -> None:
    """-1 is no limit; what takes nothing is never refused, be the limit below what is used."""

    async def take(call: Call) -> None:
        await call.quota.take("library", "red", {"seats": 1_000_000, "books": 3})
        await call.quota.set_limits("library", "red", {"books": 1})
        await call.quota.take("library", "red", {"books": 0})
        await call.quota.give("library", "red", {"books": 3})
        assert await call.quota.used("library", "red", "books") == 0

    await library.transact(take)
