"""The table of a resource's actions: who may begin one, what holds meanwhile and at the end, and when that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.behaviours import drawn
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Behaviour, Time
from mopenstack.core.engine.courses import Course, UnderWay
from mopenstack.core.engine.lifecycle import Lifecycle
from tests.engine.conftest import Library
from tests.engine.library.core.books import LIFECYCLE, Book, errors, recorded
from tests.engine.library.core.callers import ALICE, LIBRARIAN


async def _in_state(library: Library, **fields: Any) -> str:
    """The id of a book with these stored fields."""
    made = await library.book()

    async def change(call: Call) -> None:
        book = await call.tx.edit(Book, made.id)
        for name, value in fields.items():
            setattr(book, name, value)
        await call.tx.put(book)

    await library.transact(change)
    return str(made.id)


async def _state(library: Library, id: str) -> tuple[str, str | None, str]:
    """(status, task or None, place)"""
    book = await library.ask("GetBook", book_id=id)
    return Book.Status.Name(book.status), book.task if book.HasField("task") else None, book.place


async def test_an_action_at_once(library: Library) -> None:
    """In a cloud where nothing takes time the next call sees the end; the answer of the action shows its begin."""
    book = await library.book()
    lending = await library.ask("LendBook", book_id=book.id)
    assert (lending.status, lending.task, lending.place) == (Book.LENDING, "lending", "desk")
    assert await _state(library, book.id) == ("LENT", None, "away")
    await library.ask("ReturnBook", book_id=book.id)
    assert await _state(library, book.id) == ("AVAILABLE", None, "shelf")


async def test_an_action_takes_its_time(slow_library: Library) -> None:
    """`seconds` by the cloud's clock; meanwhile no other action may begin."""
    library = slow_library
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)
    library.cloud.clock.advance(4)
    assert await _state(library, book.id) == ("LENDING", "lending", "desk")
    with pytest.raises(errors.WrongState, match=f"Cannot return book {book.id} while it is LENDING"):
        await library.ask("ReturnBook", book_id=book.id)
    library.cloud.clock.advance(1.1)
    assert await _state(library, book.id) == ("LENT", None, "away")


async def test_no_seconds_are_none_in_any_cloud(slow_library: Library) -> None:
    library = slow_library
    id = await _in_state(library, status=Book.LENT)
    await library.ask("ReturnBook", book_id=id)
    kept = await library.stored("book", id)
    assert (kept.status, kept.place) == (Book.AVAILABLE, "shelf")


async def test_a_completion_begins_another_action(slow_library: Library) -> None:
    """Glue takes five seconds, drying ten from then on; then what the second row sets holds."""
    library = slow_library
    id = await _in_state(library, condition=Book.LOOSE)
    await library.ask("RepairBook", book_id=id)
    assert (await _state(library, id))[:2] == ("IN_REPAIR", "gluing")
    library.cloud.clock.advance(6)
    assert (await _state(library, id))[:2] == ("IN_REPAIR", "drying")
    assert (await library.stored("book", id)).condition == Book.LOOSE
    library.cloud.clock.advance(8)
    assert (await _state(library, id))[:2] == ("IN_REPAIR", "drying")
    library.cloud.clock.advance(1.1)
    assert (await _state(library, id))[:2] == ("AVAILABLE", None)
    assert (await library.stored("book", id)).condition == Book.INTACT


async def test_a_completion_deletes_the_object(library: Library) -> None:
    book = await library.book()
    await library.ask("BurnBook", LIBRARIAN, book_id=book.id)
    with pytest.raises(errors.BookNotFound):
        await library.ask("GetBook", book_id=book.id)


async def test_a_deleted_object_completes_nothing(slow_library: Library) -> None:
    library = slow_library
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)
    await library.ask("DeleteBook", book_id=book.id)
    library.cloud.clock.advance(60)
    assert await library.ask("ListBooks") == []


@pytest.mark.parametrize(
    ("fields", "caller", "refusal"),
    [
        ({}, ALICE, None),
        ({"status": Book.LOST}, ALICE, errors.WrongState),
        ({"condition": Book.LOOSE}, ALICE, errors.WrongState),  # the other status field
        ({"locked": True}, ALICE, errors.BookLocked),
        ({"locked": True}, LIBRARIAN, None),
        ({"locked": True, "status": Book.LOST}, ALICE, errors.BookLocked),  # in the order of the guards
        ({"locked": True, "status": Book.LOST}, LIBRARIAN, errors.WrongState),
    ],
)
async def test_guards(library: Library, fields: dict[str, Any], caller: Any, refusal: Any) -> None:
    id = await _in_state(library, **fields)
    if refusal is None:
        assert (await library.ask("LendBook", caller, book_id=id)).status == Book.LENDING
        return
    with pytest.raises(refusal) as refused:
        await library.ask("LendBook", caller, book_id=id)
    assert type(refused.value) is refusal


async def test_a_refusal_says_the_label(library: Library) -> None:
    id = await _in_state(library, status=Book.LOST)
    with pytest.raises(errors.WrongState, match="Cannot give out book"):
        await library.ask("LendBook", book_id=id)


async def test_a_guarded_operation_begins_nothing(library: Library) -> None:
    """`guard`: the row must allow the operation, whose own handler answers."""
    book = await library.book()
    assert (await library.ask("StampBook", book_id=book.id, stamp={"text": "ex libris"})).place == "ex libris"
    assert (await _state(library, book.id))[0] == "AVAILABLE"
    lost = await _in_state(library, status=Book.LOST)
    with pytest.raises(errors.WrongState, match="give out"):
        await library.ask("StampBook", book_id=lost, stamp={"text": "ex libris"})


async def test_declared_transitions_are_recorded(library: Library) -> None:
    """Once each, and not where the table refuses; what a completion begins is no transition of a client's."""
    book = await library.book("Recorded")
    recorded.clear()
    await library.ask("RepairBook", book_id=book.id)
    assert await _state(library, book.id) == ("IN_REPAIR", "drying", "")  # each call applies what was due before it
    await library.ask("LendBook", book_id=book.id)
    with pytest.raises(errors.WrongState):
        await library.ask("RepairBook", book_id=book.id)
    assert recorded == [("recorded repair", "Recorded"), ("recorded lend", "Recorded")]


@pytest.mark.parametrize(
    ("text", "state", "place", "steps"),
    [
        ("leather", "AVAILABLE", "bound in leather", ["recorded bind"]),
        ("glue", "IN_REPAIR", "bound in glue", ["recorded repair"]),  # another row begins
        ("no", "AVAILABLE", "", []),  # nothing begins, and the copy is not kept
    ],
)
async def test_a_prepared_transition(
    slow_library: Library, text: str, state: str, place: str, steps: list[str]
) -> None:
    """What the request says changes the copy, and which row begins."""
    library = slow_library
    book = await library.book()
    recorded.clear()
    await library.ask("BindBook", book_id=book.id, stamp={"text": text})
    assert (await _state(library, book.id))[::2] == (state, place)
    assert [what for what, _ in recorded] == steps


async def test_a_preparation_refuses(library: Library) -> None:
    """The state is looked at first."""
    book = await library.book()
    with pytest.raises(errors.LoanRefused):
        await library.ask("BindBook", book_id=book.id, stamp={"text": "gold"})
    lost = await _in_state(library, status=Book.LOST)
    with pytest.raises(errors.WrongState):
        await library.ask("BindBook", book_id=lost, stamp={"text": "gold"})


async def test_an_action_that_cancels(slow_library: Library) -> None:
    """The transition under way is forgotten."""
    library = slow_library
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)
    await library.ask("RecallBook", book_id=book.id)
    library.cloud.clock.advance(60)
    assert (await _state(library, book.id))[:2] == ("AVAILABLE", None)


async def test_an_action_that_leaves_things_as_they_are(library: Library) -> None:
    """It is recorded the first time alone, which changes something."""
    book = await library.book()
    recorded.clear()
    for _ in range(2):
        await library.ask("ReturnBook", book_id=book.id)
    assert recorded == [("recorded return", "Elements")]


async def test_force(slow_library: Library) -> None:
    """Any state, whatever the table says; a transition under way is forgotten."""
    library = slow_library
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)

    async def force(call: Call) -> None:
        await LIFECYCLE.force(call, await call.tx.edit(Book, book.id), Book.LOST)

    await library.transact(force)
    library.cloud.clock.advance(60)
    assert (await _state(library, book.id))[:2] == ("LOST", None)


async def test_a_transition_can_be_completed_by_hand(slow_library: Library) -> None:
    library = slow_library
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)
    await library.transact(lambda call: LIFECYCLE.complete(call, book.id, "lend"))
    assert (await _state(library, book.id))[0] == "LENT"


async def test_what_the_table_tells(library: Library) -> None:
    book = await library.book()

    async def ask(call: Call) -> tuple[bool, bool]:
        return LIFECYCLE.allows(call, book, "lend"), LIFECYCLE.allows(call, book, "dry")

    assert await library.transact(ask) == (True, False)
    assert (LIFECYCLE.completes("repair"), LIFECYCLE.completes("lend")) == (True, False)


async def _nothing(call: Call, book: Any) -> None:
    """A completion."""


def test_a_completion_of_no_row() -> None:
    table: Lifecycle[Any] = Lifecycle(Book, [Action("lend", frozenset())], lambda action, book: errors.WrongState())
    with pytest.raises(ValueError, match="Book: the table has no action 'lent'"):
        table.on("lent")(_nothing)


# -- steps, and the rules of a cloud


async def _clean(library: Library) -> str:
    """A book that is being cleaned; its id."""
    book = await library.book()

    async def begin(call: Call) -> None:
        await LIFECYCLE.begin(call, await call.tx.edit(Book, book.id), "clean")

    recorded.clear()
    await library.transact(begin)
    return str(book.id)


async def test_an_action_passes_through_its_steps(slow_library: Library) -> None:
    """Each takes its part of the action's seconds."""
    library = slow_library
    library.cloud.clock.scale(0)
    id, seen = await _clean(library), []
    for _ in range(7):
        seen.append((await _state(library, id))[1])
        library.cloud.clock.advance(1)
    assert seen == ["dusting", "washing", "washing", "drying", "drying", "drying", None]
    assert (await _state(library, id))[2] == "line"


async def test_what_was_due_has_the_time_at_which_it_was_due(slow_library: Library) -> None:
    """Whenever the next call comes; steps that nobody saw are entered all the same."""
    library = slow_library
    library.cloud.clock.scale(0)
    began = library.cloud.clock.time()
    id = await _clean(library)
    library.cloud.clock.advance(1000)
    assert (await _state(library, id))[:2] == ("AVAILABLE", None)
    steps = [("entered washing", "Elements"), ("entered drying", "Elements")]
    assert recorded == [*steps, ("over clean", f"{began + 6:.0f}")]


async def test_a_refused_call_undoes_nothing_that_was_due(slow_library: Library) -> None:
    library = slow_library
    id = await _clean(library)
    library.cloud.clock.advance(1000)
    for _ in range(2):
        with pytest.raises(errors.BookNotFound):
            await library.ask("GetBook", book_id="nowhere")
    assert [what for what, _ in recorded] == ["entered washing", "entered drying", "over clean"]
    assert (await _state(library, id))[:2] == ("AVAILABLE", None)
    assert len(recorded) == 3


async def test_without_time_there_are_no_steps(library: Library) -> None:
    id = await _clean(library)
    assert (await _state(library, id))[:2] == ("AVAILABLE", None)
    assert recorded == []


async def test_the_end_by_hand_leads_through_the_steps(slow_library: Library) -> None:
    id = await _clean(slow_library)
    text = await slow_library.transact(lambda call: _stored(call, id))
    await slow_library.transact(lambda call: LIFECYCLE.complete(call, id, text))
    assert (await _state(slow_library, id))[0] == "AVAILABLE"
    assert [what for what, _ in recorded] == ["entered washing", "entered drying", "over clean"]


async def _stored(call: Call, id: str) -> str:
    """The transition of a book under way, as it is stored."""
    found = await call.tx.scheduled(await call.tx.edit(Book, id))
    assert found is not None
    return str(found[0])


async def test_a_rule_lets_an_action_fail(library: Library) -> None:
    """In the row's own state of error; a row of a table without one is not what such a rule is about."""
    library.cloud.behaviours = [Behaviour("b", "book", error="torn", times=1)]
    book = await library.book()
    await library.ask("LendBook", book_id=book.id)
    assert (await _state(library, book.id))[0] == "LENT"
    id = await _clean(library)
    assert await _state(library, id) == ("LOST", None, "torn")
    assert [what for what, _ in recorded] == ["over clean torn"]
    assert (await _state(library, await _clean(library)))[0] == "AVAILABLE"


@pytest.mark.parametrize(
    ("reads", "seen"),
    [
        (1, ["dusting", None]),
        (3, ["dusting", "washing", "drying", None]),
        (6, ["dusting", "dusting", "washing", "washing", "drying", "drying", None]),
    ],
)
async def test_states_are_spread_over_reads(reads: int, seen: list[str | None], library: Library) -> None:
    library.cloud.behaviours = [Behaviour("b", "book", transition="clean", reads=reads)]
    id = await _clean(library)
    assert [(await _state(library, id))[1] for _ in seen] == seen


@pytest.mark.parametrize(
    ("time", "least", "most"),
    [
        (Time("fixed", 3), 3, 3),
        (Time("uniform", 3, 4), 3, 4),
        (Time("normal", 0, 1), 0, 10),
        (Time("exponential", 2), 0, 1000),
    ],
)
def test_drawn_times(time: Time, least: float, most: float) -> None:
    """Never below zero; with a seed the same for the same transition."""
    assert all(least <= drawn(time, count) <= most for count in range(200))
    seeded = replace(time, seed=1)
    assert [drawn(seeded, count) for count in range(5)] == [drawn(seeded, count) for count in range(5)]


@pytest.mark.parametrize(
    "at",
    [
        UnderWay("clean"),
        UnderWay("clean", slow=True, due=12.5),
        UnderWay("clean", slow=True, step=2, seen=3, course=Course("manual", 2.5, 4, "torn", "b")),
        UnderWay("clean", course=Course(error='{"row"}')),
    ],
)
def test_what_is_stored_of_a_transition(at: UnderWay) -> None:
    assert UnderWay.of(at.text()) == at
