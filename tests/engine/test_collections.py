"""Sub-collections of a resource: every step, of a map and of a set of words."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.operations import Route
from mopenstack.core.engine.collection_steps import collection_handler
from mopenstack.core.engine.collections import Collection
from tests.engine.conftest import Library
from tests.engine.library.core.callers import RITA
from tests.engine.library.core.shelves import errors

WORDS_OF_SHELF = Collection("shelf", "words")
LABELS = {"color": "red", "size": "xl"}
WORDS = ["bees", "ants"]


async def _shelf(library: Library) -> str:
    """The id of a shelf with labels and words."""
    id = str((await library.shelf()).id)
    await library.ask("AddLabels", shelf_id=id, labels=LABELS)
    await library.ask("AddWords", shelf_id=id, words=WORDS)
    return id


def _held(answer: Any) -> Any:
    """The items of an answer; None of an empty one."""
    fields = [value for _, value in answer.ListFields()]
    return (dict(fields[0]) if hasattr(fields[0], "items") else list(fields[0])) if fields else None


@pytest.mark.parametrize(
    ("rpc", "fields", "answer", "left"),
    [
        ("ListLabels", {}, LABELS, LABELS),
        ("AddLabels", {"labels": {"size": "s", "new": "1"}}, None, {"color": "red", "size": "s", "new": "1"}),
        ("ReplaceLabels", {"labels": {"new": "1"}}, {"new": "1"}, {"new": "1"}),
        ("ReplaceLabels", {}, None, {}),
        ("ClearLabels", {}, None, {}),
        ("GetLabel", {"key": "size"}, {"size": "xl"}, LABELS),
        ("SetLabel", {"key": "size", "label": {"size": "s"}}, {"size": "s"}, {"color": "red", "size": "s"}),
        ("SetLabel", {"key": "new", "label": {"new": "1"}}, {"new": "1"}, {**LABELS, "new": "1"}),
        ("RemoveLabel", {"key": "size"}, None, {"color": "red"}),
    ],
)
async def test_steps_of_a_map(library: Library, rpc: str, fields: dict[str, Any], answer: Any, left: Any) -> None:
    id = await _shelf(library)
    found = _held(await library.ask(rpc, shelf_id=id, **fields))
    # An addition whose answer has the collection's own field shows all of it.
    assert found == (left if rpc == "AddLabels" else answer)
    assert dict((await library.ask("GetShelf", shelf_id=id)).labels) == left


@pytest.mark.parametrize(
    ("rpc", "fields", "answer", "left"),
    [
        ("ListWords", {}, ["ants", "bees"], ["ants", "bees"]),
        ("AddWords", {"words": ["cats", "ants", "cats"]}, ["ants", "bees", "cats"], ["ants", "bees", "cats"]),
        ("ReplaceWords", {"words": ["owls", "cats", "owls"]}, ["cats", "owls"], ["cats", "owls"]),
        ("ClearWords", {}, None, []),
        ("HasWord", {"word": "ants"}, None, ["ants", "bees"]),
        ("AddWord", {"word": "ants"}, None, ["ants", "bees"]),
        ("AddWord", {"word": "cats"}, None, ["ants", "bees", "cats"]),
        ("RemoveWord", {"word": "ants"}, None, ["bees"]),
    ],
)
async def test_steps_of_a_set(library: Library, rpc: str, fields: dict[str, Any], answer: Any, left: Any) -> None:
    """Without repetitions; in alphabetical order, where the rules say so."""
    id = await _shelf(library)
    assert _held(await library.ask(rpc, shelf_id=id, **fields)) == answer
    assert list((await library.ask("GetShelf", shelf_id=id)).words) == left


@pytest.mark.parametrize(
    ("rpc", "fields"),
    [("GetLabel", {"key": "none"}), ("RemoveLabel", {"key": "none"})],
)
async def test_an_item_that_is_not_there(library: Library, rpc: str, fields: dict[str, Any]) -> None:
    """In the words of the rules, else as the resource's not-found."""
    id = await _shelf(library)
    with pytest.raises(errors.NoSuchLabel, match=f"Shelf {id} has no label none"):
        await library.ask(rpc, shelf_id=id, **fields)
    for word in ("HasWord", "RemoveWord"):
        with pytest.raises(errors.ShelfNotFound, match="none"):
            await library.ask(word, shelf_id=id, word="none")


@pytest.mark.parametrize(
    ("rpc", "fields", "outcome"),
    [
        ("SetLabel", {"key": "new", "label": {"new": "1"}}, "created"),
        ("SetLabel", {"key": "size", "label": {"size": "1"}}, ""),
        ("AddWord", {"word": "cats"}, "created"),
        ("AddWord", {"word": "ants"}, ""),
    ],
)
async def test_a_new_item_is_another_outcome(library: Library, rpc: str, fields: Any, outcome: str) -> None:
    id = await _shelf(library)
    assert (await library.reply(rpc, shelf_id=id, **fields)).outcome == outcome


async def test_rules_check_and_complete_a_change(library: Library) -> None:
    """They see the new value and the one before; what they refuse is not stored."""
    id = await _shelf(library)
    for rpc, fields in (("AddLabels", {"labels": {"a b": "1"}}), ("SetLabel", {"key": "7", "label": {"7": "1"}})):
        with pytest.raises(errors.BadLabel):
            await library.ask(rpc, shelf_id=id, **fields)
    assert dict((await library.stored("shelf", id)).labels) == LABELS
    await library.ask("ReplaceLabels", shelf_id=id, labels={"color": "blue"})
    assert (await library.stored("shelf", id)).extras["removed"].string_value == "size"


async def test_a_change_touches_the_resource_or_not(library: Library) -> None:
    id = str((await library.shelf()).id)
    before = await library.stored("shelf", id)
    await library.ask("AddWords", shelf_id=id, words=WORDS)
    assert (await library.stored("shelf", id)).revision_number == before.revision_number
    await library.ask("AddLabels", shelf_id=id, labels=LABELS)
    assert (await library.stored("shelf", id)).revision_number == before.revision_number + 1


async def test_an_action_is_a_step_where_the_declaration_says_so(library: Library) -> None:
    """`step` and `item`: a POST that puts, and one that deletes; each field keeps its own order."""
    id = await _shelf(library)
    for project in ("blue", "amber", "blue"):
        await library.ask("AddReader", shelf_id=id, project=project)
    assert list((await library.stored("shelf", id)).readers) == ["blue", "amber"]
    await library.ask("RemoveReader", shelf_id=id, project="blue")
    assert list((await library.stored("shelf", id)).readers) == ["amber"]
    with pytest.raises(errors.ShelfNotFound, match="blue"):
        await library.ask("RemoveReader", shelf_id=id, project="blue")


async def test_target_and_policy_hold(library: Library) -> None:
    id = await _shelf(library)
    assert _held(await library.ask("ListWords", RITA, shelf_id=id)) == ["ants", "bees"]
    with pytest.raises(PolicyRefused):
        await library.ask("AddWord", RITA, shelf_id=id, word="cats")
    with pytest.raises(errors.ShelfNotFound):
        await library.ask("ListWords", shelf_id="nowhere")


@pytest.mark.parametrize(
    ("rpc", "field", "text"),
    [("ListWords", "name", "Shelf has no collection 'name'"), ("ListWords", "nothing", "no collection 'nothing'")],
)
async def test_a_declaration_that_does_not_fit(library: Library, rpc: str, field: str, text: str) -> None:
    operation = library.operation(rpc)
    options = deepcopy(operation.options)
    options.collection.field = field
    parent = library.engine.registry.owner("shelf")
    with pytest.raises(ValueError, match=text):
        collection_handler(replace(operation, options=options), [parent], {})


async def test_a_path_that_says_no_step(library: Library) -> None:
    """A PATCH of one item needs a `step`."""
    operation = replace(library.operation("AddWord"), routes=(Route("PATCH", "/v1/shelves/{shelf_id}/words/{word}"),))
    with pytest.raises(ValueError, match=r"PATCH .* says no step of a collection"):
        collection_handler(operation, [library.engine.registry.owner("shelf")], {("shelf", "words"): WORDS_OF_SHELF})
