"""Parts of a resource: found below their parent alone, whose visibility and owner decide."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.faults import PolicyRefused
from tests.engine.conftest import Library
from tests.engine.library.core.books import errors
from tests.engine.library.core.callers import BOB, RITA


async def _chapter(library: Library, book_id: str, number: int, **fields: Any) -> Any:
    return await library.ask("CreateChapter", book_id=book_id, chapter={"number": number, **fields})


async def test_create_show_list_update_delete(library: Library) -> None:
    book = await library.book()
    second = await _chapter(library, book.id, 2)
    first = await _chapter(library, book.id, 1, heading="Points")
    assert (first.book_id, first.heading) == (book.id, "Points")
    listed = await library.ask("ListChapters", book_id=book.id)
    assert [chapter.id for chapter in listed] == [first.id, second.id]
    names = {"book_id": book.id, "chapter_id": first.id}
    changed = await library.ask("UpdateChapter", **names, chapter={"heading": "Lines"})
    assert (changed.number, changed.heading) == (1, "Lines")
    assert await library.ask("GetChapter", **names) == changed
    await library.ask("DeleteChapter", **names)
    with pytest.raises(errors.ChapterNotFound, match=first.id):
        await library.ask("GetChapter", **names)


@pytest.mark.parametrize("rpc", ["GetChapter", "UpdateChapter", "DeleteChapter"])
async def test_a_child_of_another_parent_is_not_there(library: Library, rpc: str) -> None:
    one, other = await library.book("One"), await library.book("Other")
    chapter = await _chapter(library, one.id, 1)
    body: dict[str, Any] = {"chapter": {"heading": "x"}} if rpc == "UpdateChapter" else {}
    with pytest.raises(errors.ChapterNotFound):
        await library.ask(rpc, book_id=other.id, chapter_id=chapter.id, **body)
    assert await library.ask("ListChapters", book_id=other.id) == []
    assert await library.ask("GetChapter", book_id=one.id, chapter_id=chapter.id) == chapter


async def test_the_parent_is_looked_for_first(library: Library) -> None:
    book = await library.book()
    chapter = await _chapter(library, book.id, 1)
    for caller, id in ((None, "nowhere"), (BOB, book.id)):
        with pytest.raises(errors.BookNotFound):
            await library.ask("GetChapter", caller or RITA, book_id=id, chapter_id=chapter.id)


async def test_the_policy_is_of_the_parents_owner(library: Library) -> None:
    book = await library.book()
    chapter = await _chapter(library, book.id, 1)
    assert await library.ask("GetChapter", RITA, book_id=book.id, chapter_id=chapter.id)
    with pytest.raises(PolicyRefused):
        await library.ask("DeleteChapter", RITA, book_id=book.id, chapter_id=chapter.id)
