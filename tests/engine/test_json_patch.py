"""JSON patches: read as RFC 6902 and its drafts write them, and applied, all operations or none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mopenstack_tests.library.v1 import readers_pb2

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.json_patch import PatchConflict, ValueDiffers, apply, pointer, resolve
from mopenstack.gateway.codec.json_patch import InvalidPatch, read_draft, read_patch, tokens
from mopenstack.gateway.codec.requests import RequestDecoder
from tests.engine.conftest import Library
from tests.engine.library.core.callers import LIBRARIAN

DOCUMENT: dict[str, Any] = {"a": 1, "b": {"c": [1, 2, 3]}, "d/e": "x", "f~g": None, "h": True}


def patched(*operations: dict[str, Any]) -> Any:
    before = json.dumps(DOCUMENT)
    found = apply(DOCUMENT, read_patch(list(operations)))
    assert json.dumps(DOCUMENT) == before, "the given document was changed"
    return found


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **{key.rstrip("_"): value for key, value in more.items()}}


@pytest.mark.parametrize(
    ("operations", "changes"),
    [
        ([op("add", "/n", value=[1])], {"n": [1]}),
        ([op("add", "/a", value=None)], {"a": None}),
        ([op("add", "/b/c/1", value=9)], {"b": {"c": [1, 9, 2, 3]}}),
        ([op("add", "/b/c/3", value=9)], {"b": {"c": [1, 2, 3, 9]}}),
        ([op("add", "/b/c/-", value={"x": 1.5})], {"b": {"c": [1, 2, 3, {"x": 1.5}]}}),
        ([op("replace", "/b/c/0", value="y")], {"b": {"c": ["y", 2, 3]}}),
        ([op("replace", "/d~1e", value="y")], {"d/e": "y"}),
        ([op("remove", "/b/c/1"), op("remove", "/b/c/1")], {"b": {"c": [1]}}),
        ([op("move", "/n", from_="/a"), op("add", "/a", value=2)], {"n": 1, "a": 2}),
        ([op("move", "/b", from_="/b")], {}),
        ([op("copy", "/b/d", from_="/b/c"), op("remove", "/b/c/0")], {"b": {"c": [2, 3], "d": [1, 2, 3]}}),
        ([op("test", "/b", value={"c": [1, 2, 3]})], {}),
        ([op("test", "/f~0g", value=None)], {}),
        ([], {}),
    ],
)
def test_changes(operations: list[Any], changes: dict[str, Any]) -> None:
    assert patched(*operations) == {**DOCUMENT, **changes}


def test_removed_keys_are_gone_and_the_whole_document_is_a_value() -> None:
    assert "a" not in patched(op("remove", "/a"))
    assert "a" not in patched(op("move", "/z", from_="/a"))
    assert patched(op("replace", "", value=[1])) == [1]
    assert patched(op("add", "", value=7)) == 7
    assert patched(op("remove", "")) is None


@pytest.mark.parametrize(
    ("operation", "kind", "reason"),
    [
        (op("remove", "/z"), PatchConflict, "can't remove a non-existent object 'z'"),
        (op("remove", "/b/c/3"), PatchConflict, "can't remove a non-existent object '3'"),
        (op("replace", "/z", value=1), PatchConflict, "can't replace a non-existent object 'z'"),
        (op("replace", "/b/c/3", value=1), PatchConflict, "can't replace outside of list"),
        (op("replace", "/b/c/-", value=1), PatchConflict, "'path' with '-' can't be applied"),
        (op("add", "/b/c/4", value=1), PatchConflict, "can't insert outside of list"),
        (op("add", "/b/c/01", value=1), PatchConflict, "'01' is not a valid sequence index"),
        (op("add", "/z/y", value=1), PatchConflict, "member 'z' not found"),
        (op("add", "/a/y", value=1), PatchConflict, "unable to fully resolve json pointer /a/y, part y"),
        (op("add", "/a/y/x", value=1), PatchConflict, "does not support indexing"),
        (op("move", "/b/c", from_="/b"), PatchConflict, "Cannot move values into their own children"),
        (op("copy", "/n", from_="/b/c/9"), PatchConflict, "index '9' is out of bounds"),
        (op("test", "/a", value=2), ValueDiffers, "is not equal to tested value 2"),
        (op("test", "/h", value=1), ValueDiffers, "is not equal"),  # true is no 1
        (op("test", "/z", value=1), ValueDiffers, "member 'z' not found"),
    ],
)
def test_conflicts(operation: dict[str, Any], kind: type[PatchConflict], reason: str) -> None:
    """They say which operation it was; what came before it does not hold either."""
    with pytest.raises(PatchConflict) as refused:
        patched(op("add", "/n", value=1), operation)
    assert type(refused.value) is kind
    assert reason in str(refused.value)
    assert (refused.value.op, refused.value.path) == (operation["op"], operation["path"])


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ({}, (), "array"),
        ([7], (0,), "object"),
        ([{"path": "/a"}], (0,), "op_missing"),
        ([op("eat", "/a")], (0, "op"), "op_unknown"),
        ([op("test", "/a", value=1), {"op": "remove"}], (1, "path"), "path_missing"),
        ([op("add", "/a")], (0, "value"), "value_missing"),
        ([op("move", "/a")], (0, "from"), "from_missing"),
        ([op("remove", "a")], (0, "path"), "pointer_start"),
        ([op("remove", "/a~2")], (0, "path"), "pointer_escape"),
        ([op("copy", "/a", from_="~")], (0, "from"), "pointer_start"),
    ],
)
def test_what_is_no_patch(document: Any, path: tuple[Any, ...], rule: str) -> None:
    with pytest.raises(InvalidPatch) as refused:
        read_patch(document)
    assert (refused.value.path, refused.value.rule) == (path, rule)


def test_pointers() -> None:
    for text, parts in (("", []), ("/", [""]), ("/a~1b/~0", ["a/b", "~"]), ("/a//b", ["a", "", "b"])):
        assert tokens(text, ()) == parts
        assert pointer(parts) == text
    assert resolve(DOCUMENT, ["b", "c", "2"]) == 3
    with pytest.raises(KeyError):
        resolve(DOCUMENT, ["b", "x"])


def test_drafts() -> None:
    """Draft 4 names the operation by its key; in both a path's tokens lose the spaces around them."""
    fourth = read_draft([{"add": "/a", "value": 1}, {"remove": "/ b /c"}], 4)
    tenth = read_draft([op("add", "/a", value=1), op("remove", "/ b /c")], 10)
    assert list(fourth.operations) == list(tenth.operations)
    assert [list(change.path) for change in tenth.operations] == [["a"], ["b", "c"]]
    assert (fourth.draft, tenth.draft) == (4, 10)


@pytest.mark.parametrize(
    ("draft", "operation", "rule"),
    [
        (4, {"value": 1}, "member_missing"),
        (4, {"add": "/a", "remove": "/a"}, "member_twice"),
        (4, {"add": "/a"}, "value_missing"),
        (10, {"path": "/a"}, "op_missing"),
        (10, op("move", "/a"), "op_unknown"),
        (10, {"op": "remove"}, "path_missing"),
        (10, op("remove", ""), "pointer_start"),
        (10, op("remove", "/a//b"), "pointer_adjacent"),
        (10, op("remove", "/a/"), "pointer_end"),
        (10, op("remove", "/a~"), "pointer_escape"),
    ],
)
def test_what_is_no_draft(draft: int, operation: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidPatch) as refused:
        read_draft([operation], draft)
    assert refused.value.rule == rule


async def test_a_patch_is_a_whole_body(library: Library) -> None:
    """`inline` on a field of a request: the body is the array of operations."""
    await library.ask("CreateReader", LIBRARIAN, reader={"card": "1", "name": "Theo"})
    decoder = RequestDecoder(readers_pb2.PatchReaderRequest, ("card",), 9, "other")
    request = decoder.from_path(("card",), ("1",), {})
    decoder.body(request, [op("replace", "/name", value="Leo"), op("add", "/lines/-", value=1)])
    context = RequestContext(cloud=library.cloud.name)
    reply = await library.engine.call(library.operation("PatchReader"), request, context, LIBRARIAN)
    assert reply.result.text == "{'name': 'Leo', 'lines': [1]}"  # type: ignore[union-attr]
