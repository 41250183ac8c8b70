"""Messages inside of a resource with operations of their own: by name in a map, or in a list by a field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Library
from tests.engine.library.core.callers import ALICE, LIBRARIAN, RITA
from tests.engine.library.core.readers import errors

CARD = {"card": "1"}


async def _reader(library: Library, *remarks: str) -> None:
    """Reader 1 with these remarks."""
    await library.ask("CreateReader", LIBRARIAN, reader=CARD)
    for name in remarks:
        await library.ask("AddRemark", **CARD, remark={"name": name, "text": f"{name}!"})


async def _remarks(library: Library) -> dict[str, str]:
    return {name: one.text for name, one in (await library.ask("ListRemarks", **CARD)).remarks.items()}


async def test_add_show_list(library: Library) -> None:
    """With times and what the rules complete; the resource's revision follows."""
    await _reader(library, "late")
    found = await library.ask("GetRemark", RITA, **CARD, name="late")
    assert (found.name, found.text, found.author) == ("late", "late!", ALICE.user_name)
    assert found.created_at == found.updated_at
    assert found.created_at.seconds
    assert await _remarks(library) == {"late": "late!"}
    assert (await library.ask("GetReader", **CARD)).revision_number == 1


async def test_put(library: Library) -> None:
    """The answer may be compared with what was before; a new name moves the item."""
    await _reader(library, "late", "loud")
    library.cloud.clock.advance(60)
    changed = await library.ask("PutRemark", **CARD, name="late", remark={"text": "better"})
    assert (changed.name, changed.text) == ("late", "better (was: late!)")
    assert changed.updated_at.seconds > changed.created_at.seconds
    renamed = await library.ask("PutRemark", **CARD, name="late", remark={"name": "early", "text": "good"})
    assert renamed.name == "early"
    assert await _remarks(library) == {"early": "good", "loud": "loud!"}
    with pytest.raises(errors.PartExists, match="There is loud already, not early"):
        await library.ask("PutRemark", **CARD, name="early", remark={"name": "loud"})


@pytest.mark.parametrize("rpc", ["GetRemark", "PutRemark", "DeleteRemark"])
async def test_an_item_that_is_not_there(library: Library, rpc: str) -> None:
    await _reader(library)
    with pytest.raises(errors.NoSuchPart, match="There is no late"):
        await library.ask(rpc, **CARD, name="late")


async def test_a_name_that_is_taken(library: Library) -> None:
    await _reader(library, "late")
    with pytest.raises(errors.PartExists):
        await library.ask("AddRemark", **CARD, remark={"name": "late"})


async def test_rules_refuse(library: Library) -> None:
    """What they refuse is not stored, and what stays is not removed."""
    await _reader(library, "kept", "late")
    with pytest.raises(errors.NotTold):
        await library.ask("AddRemark", **CARD, remark={"name": "x", "text": "rude"})
    for rpc, fields in (("DeleteRemark", {"name": "kept"}), ("ClearRemarks", {})):
        with pytest.raises(errors.PartKept):
            await library.ask(rpc, **CARD, **fields)
    assert set(await _remarks(library)) == {"kept", "late"}
    await library.ask("DeleteRemark", **CARD, name="late")
    assert set(await _remarks(library)) == {"kept"}


async def test_clear(library: Library) -> None:
    await _reader(library, "late", "loud")
    await library.ask("ClearRemarks", **CARD)
    assert await _remarks(library) == {}


async def test_items_of_a_list(library: Library) -> None:
    """Found by the field that holds their name; they keep their order, and their resource its revision."""
    await _reader(library)

    async def wishes() -> list[tuple[str, int]]:
        return [(wish.title, wish.copies) for wish in (await library.ask("GetReader", **CARD)).wishes]

    for title in ("Optics", "Poetics"):
        await library.ask("AddWish", **CARD, wish={"title": title, "copies": 1})
    with pytest.raises(errors.PartExists):
        await library.ask("AddWish", **CARD, wish={"title": "Optics"})
    changed: Any = await library.ask("PutWish", **CARD, title="Optics", wish={"title": "Physics", "copies": 2})
    assert (changed.title, changed.copies) == ("Physics", 2)
    assert await wishes() == [("Physics", 2), ("Poetics", 1)]
    await library.ask("DeleteWish", **CARD, title="Physics")
    assert await wishes() == [("Poetics", 1)]
    assert (await library.ask("GetReader", **CARD)).revision_number == 0
