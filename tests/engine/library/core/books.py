"""Books: their lifecycle, quota, chapters and bytes."""

from __future__ import annotations

from typing import Any

from mopenstack_tests.library.v1 import books_pb2 as pb
from mopenstack_tests.library.v1 import shelves_pb2

from mopenstack.contract.calls import ByteStream, Result
from mopenstack.contract.faults import Fault
from mopenstack.contract.refusals import refusals
from mopenstack.core.engine.actions import Action, Step
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.lifecycle import Lifecycle, in_state
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer

errors: Any = refusals("mopenstack_tests.library.v1")
Book = pb.Book

recorded: list[tuple[str, str]] = []
"""(event, title) of what happened to books, whether or not the call held."""


def _wrong_state(action: Action, book: Any) -> Fault:
    refused: Fault = errors.WrongState(
        action=action.label or action.name, id=book.id, state=Book.Status.Name(book.status)
    )
    return refused


def _unlocked(call: Call, book: Any, action: Action) -> Fault | None:
    locked = book.locked and not call.caller.is_admin
    return errors.BookLocked(id=book.id) if locked else None


def _row(name: str, *allowed: int, **more: Any) -> Action:
    return Action(name, frozenset(allowed), **more)


LIFECYCLE: Lifecycle[Any] = Lifecycle(
    Book,
    (
        _row(
            "lend",
            Book.AVAILABLE,
            to=Book.LENT,
            task="lending",
            interim=Book.LENDING,
            seconds=5,
            label="give out",
            where={"condition": frozenset({Book.INTACT})},
            during={"place": "desk"},
            sets={"place": "away"},
        ),
        _row("return", Book.LENT, Book.AVAILABLE, to=Book.AVAILABLE, seconds=0, sets={"place": "shelf"}),
        _row("repair", Book.AVAILABLE, interim=Book.IN_REPAIR, task="gluing", seconds=5),
        _row("dry", Book.IN_REPAIR, to=Book.AVAILABLE, task="drying", seconds=10, sets={"condition": Book.INTACT}),
        _row("bind", Book.AVAILABLE, to=Book.AVAILABLE, seconds=0),
        _row("recall", Book.LENDING, Book.AVAILABLE, to=Book.AVAILABLE, seconds=0, cancels=True),
        _row(
            "clean",
            Book.AVAILABLE,
            interim=Book.IN_REPAIR,
            to=Book.AVAILABLE,
            task="dusting",
            seconds=6,
            steps=(Step(2, task="washing"), Step(3, task="drying", during={"place": "line"})),
            error=Book.LOST,
        ),
        _row("burn", Book.AVAILABLE, Book.LENT, Book.LOST, seconds=1),
    ),
    _wrong_state,
    task="task",
    guards=(_unlocked, in_state),
)
QUOTAS = QuotaSet(
    "library",
    {"books": 4, "seats": -1},
    lambda over: _too_many(over),
)


def _too_many(over: Over) -> Fault:
    first = over.resources[0]
    refused: Fault = errors.TooMany(
        resources=", ".join(over.resources), used=over.used[first], limit=over.limits[first]
    )
    return refused


@LIFECYCLE.on("repair")
async def _dry(call: Call, book: Any) -> None:
    await LIFECYCLE.begin(call, book, "dry")


@LIFECYCLE.on_step
async def _entered(call: Call, book: Any, action: Action, step: Step) -> None:
    recorded.append((f"entered {step.task}", book.title))


@LIFECYCLE.on_completion
async def _completed(call: Call, id: str, action: Action, why: str) -> None:
    recorded.append((f"over {action.name} {why}".rstrip(), f"{call.started:.0f}"))


@LIFECYCLE.fails("clean")
async def _torn(call: Call, book: Any, why: str) -> None:
    book.place = why


@LIFECYCLE.on("burn")
async def _gone(call: Call, book: Any) -> None:
    await call.service(Books).discard(call, book)


@LIFECYCLE.prepares("bind")
async def _bind(call: Call, book: Any, request: Any) -> str | None:
    """Glue means a repair, "no" nothing at all; nothing else is refused but gold."""
    if request.stamp.text == "gold":
        raise errors.LoanRefused()
    book.place = f"bound in {request.stamp.text}"
    return {"glue": "repair", "no": ""}.get(request.stamp.text)


@LIFECYCLE.records
async def _record(call: Call, book: Any, action: Action, slow: bool) -> None:
    recorded.append((f"recorded {action.name}", book.title))


@subscribes("after_update", "book")
async def _updated(call: Call, old: Any, new: Any) -> None:
    recorded.append(("after_update", f"{old.title} -> {new.title}"))


@subscribes("stamped", "book", "shelf")
async def _stamped(call: Call, book: Any, text: str) -> None:
    recorded.append((f"stamped {text}", book.title))


class Books(ResourceServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Books"]
    message = Book
    lifecycle = LIFECYCLE
    not_found = errors.BookNotFound

    async def prepare(self, call: Call, obj: Any, request: Any, given: set[str]) -> None:
        """A book stands on a shelf that its owner may see."""
        if obj.shelf_id:
            await call.owner_of("shelf").fetch(call, obj.shelf_id)

    async def stamp_book(self, call: Call, request: Any) -> Result:
        """Answers a view that is built of two objects, and kept."""
        book = await call.tx.edit(Book, call.target.id)
        await call.publish("stamped", "book", book, request.stamp.text)

        async def build() -> Any:
            shelf = await call.tx.get(shelves_pb2.Shelf, book.shelf_id)
            book.place = shelf.name if shelf is not None else request.stamp.text
            return book

        view: Result = await call.tx.view(("stamp", book.id), build)
        return view

    async def prepare_put_scan(self, call: Call, request: Any) -> None:
        recorded.append(("scan begins", call.target.title))

    async def abandon_put_scan(self, call: Call, request: Any) -> None:
        recorded.append(("scan fails", request.book_id))

    async def put_scan(self, call: Call, request: Any) -> Result:
        assert call.blob is not None
        book = await call.tx.edit(Book, call.target.id)
        book.scan = call.blob.key
        await self.save(call, book)
        return EMPTY

    async def get_scan(self, call: Call, request: Any) -> Result:
        return ByteStream(call.blobs.read(call.target.scan), -1, headers={"X-Title": call.target.title})

    async def get_card(self, call: Call, request: Any) -> Result:
        found: Result = pb.Card(shelf=call.target.shelf_id, entries=call.target.card)
        return found

    async def set_card(self, call: Call, request: Any) -> Result:
        book = await call.tx.edit(Book, call.target.id)
        book.card.update(request.entries)
        await self.save(call, book)
        return EMPTY


class Chapters(ChildServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Chapters"]
    message = pb.Chapter
    not_found = errors.ChapterNotFound
