"""One call is one transaction: a refused one leaves nothing, and one that met another runs again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import InjectedFault, Unavailable
from mopenstack.core.engine import engine as engine_module
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fault_rules import FaultRule
from mopenstack.core.engine.settings import CloudNotFound
from mopenstack.core.store import Conflicted
from mopenstack.core.store.base import StoreState, Unreachable
from mopenstack.core.store.kinds import kind_of
from tests.engine.conftest import Library
from tests.engine.library.core.books import Book, errors, recorded
from tests.engine.library.core.loans import done


async def _total(library: Library) -> int:
    return int((await library.ask("Count", times=0)).total) or await library.transact(
        lambda call: call.tx.counter("count")
    )


async def test_a_refused_call_leaves_nothing(library: Library) -> None:
    with pytest.raises(errors.LoanRefused):
        await library.ask("Count", times=3, refuse=True)
    assert await _total(library) == 0
    await library.ask("Count", times=2)
    assert await _total(library) == 2


async def test_what_follows_a_commit_follows_no_refusal(library: Library) -> None:
    done.clear()
    with pytest.raises(errors.LoanRefused):
        await library.ask("CreateLoan", refuse=True)
    assert done == []
    await library.ask("CreateLoan")
    assert done == [0]


async def _attempts(library: Library, failures: int, error: Exception) -> int:
    """Run something that fails so often; how often it was begun, and that only the last time counts."""
    begun = 0

    async def run(call: Call) -> int:
        nonlocal begun
        begun += 1
        await call.tx.add("count", 1)
        if begun <= failures:
            raise error
        return await call.tx.counter("count")

    assert await library.transact(run) == 1
    return begun


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between the attempts."""

    async def sleep(seconds: float) -> None:
        assert 0 <= seconds < 1

    monkeypatch.setattr(asyncio, "sleep", sleep)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("failures", [0, 1, engine_module.ATTEMPTS_MAX - 1])
async def test_a_conflict_runs_again(library: Library, failures: int) -> None:
    assert await _attempts(library, failures, Conflicted()) == failures + 1


@pytest.mark.usefixtures("quick")
async def test_conflicts_end(library: Library) -> None:
    with pytest.raises(Unavailable, match="Too many concurrent changes"):
        await _attempts(library, engine_module.ATTEMPTS_MAX, Conflicted())


@pytest.mark.usefixtures("quick")
async def test_a_database_that_does_not_answer(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again for as long as the store says, but for a transaction that may have been done."""
    assert await _attempts(library, 9, Unreachable("away", in_doubt=False)) == 10
    with pytest.raises(Unavailable, match="cannot be reached"):
        await _attempts(library, 1, Unreachable("away", in_doubt=True))
    monkeypatch.setattr(StoreState, "wait_seconds", 0.0)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await _attempts(library, 1, Unreachable("away", in_doubt=False))


async def test_time_stands_still_in_a_call(library: Library) -> None:
    async def run(call: Call) -> tuple[float, float, bool]:
        await asyncio.sleep(0.002)
        return call.time, call.elevated().time, call.now.timestamp() == pytest.approx(call.time)

    first, second, same = await library.transact(run)
    assert first == second
    assert same


async def test_a_fault_that_was_asked_for(library: Library) -> None:
    """So many calls of an operation fail, by its name or its service's; the others do not."""
    books = "mopenstack_tests.library.v1.Books"
    for operation, service in (("CreateBook", ""), (f"{books}.Create*", ""), ("", books)):
        rule = FaultRule(operation=operation, service=service, times=1, status=503, message="on purpose")
        library.cloud.faults.add(rule)
        assert await library.shelf(f"{operation} {service}"[-20:])
        with pytest.raises(InjectedFault, match="on purpose") as refused:
            await library.book()
        assert refused.value.code == "UNAVAILABLE"
        assert not library.cloud.faults
        await library.ask("DeleteBook", book_id=(await library.book()).id)


async def test_a_cloud_that_is_not_there(library: Library) -> None:
    with pytest.raises(CloudNotFound, match="no cloud named nowhere"):
        await library.reply("ListBooks", context=RequestContext(cloud="nowhere"))


# -- bytes


async def _chunks(*parts: bytes, error: Exception | None = None) -> Any:
    for part in parts:
        yield part
    if error is not None:
        raise error


def _upload(library: Library, body: Any) -> RequestContext:
    return RequestContext(cloud=library.cloud.name, body=body)


async def test_bytes_come_outside_of_a_transaction(library: Library) -> None:
    """They are looked at first, and then taken; another call may be made while they come."""
    book = await library.book("Scanned")
    recorded.clear()

    async def body() -> Any:
        yield b"alpha"
        await library.book("Meanwhile")
        yield b"beta"

    await library.reply("PutScan", context=_upload(library, body()), book_id=book.id)
    assert recorded == [("scan begins", "Scanned")]
    stream = await library.ask("GetScan", book_id=book.id)
    assert b"".join([chunk async for chunk in stream.chunks]) == b"alphabeta"
    assert (stream.headers, (await library.stored("book", book.id)).scan[:8]) == ({"X-Title": "Scanned"}, "library-")


async def test_bytes_that_do_not_come(library: Library) -> None:
    """The servicer is told, and nothing is kept."""
    book = await library.book("Torn")
    recorded.clear()
    torn = _chunks(b"alpha", error=ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await library.reply("PutScan", context=_upload(library, torn), book_id=book.id)
    assert recorded == [("scan begins", "Torn"), ("scan fails", book.id)]
    assert (await library.stored("book", book.id)).scan == ""


async def test_bytes_of_a_call_that_is_refused(library: Library) -> None:
    """They are not even read."""
    recorded.clear()
    never = _chunks(error=AssertionError("read"))
    with pytest.raises(errors.BookNotFound):
        await library.reply("PutScan", context=_upload(library, never), book_id="nowhere")
    assert recorded == []


# -- what is kept


async def test_shared_objects_are_not_changed(library: Library) -> None:
    """An update changes a copy: who holds the old object keeps what it was."""
    old = await library.book("Old")
    new = await library.ask("UpdateBook", book_id=old.id, book={"title": "New"})
    assert (old.title, new.title) == ("Old", "New")

    async def spoil(call: Call) -> None:
        copy = await call.tx.edit(Book, old.id)
        copy.title = "Spoilt"
        raise errors.LoanRefused()

    with pytest.raises(errors.LoanRefused):
        await library.transact(spoil)
    assert await library.ask("GetBook", book_id=old.id) is new


async def test_what_was_asked_for_in_vain_is_found_once_it_is_there(library: Library) -> None:
    await library.book()  # the store has the kind, and looks for the id

    async def find(call: Call) -> str:
        found = await call.tx.get(Book, "b-1")
        return found.title if found is not None else ""

    async def make(call: Call) -> None:
        assert not await find(call)
        await call.tx.put(Book(id="b-1", title="Optics"))
        assert await find(call) == "Optics"

    async def fail(call: Call) -> None:
        await make(call)
        raise errors.LoanRefused

    async def remove(call: Call) -> None:
        await call.tx.delete(Book, "b-1")

    with pytest.raises(errors.LoanRefused):
        await library.transact(fail)
    assert await library.transact(find) == ""
    for _ in range(2):
        await library.transact(make)
        store = library.engine.store
        store.drop(store.chains[library.cloud.name][0], (kind_of(Book).name, "b-1"))  # its row alone is left
        assert await library.transact(find) == "Optics"
        await library.transact(remove)
        assert await library.transact(find) == ""
