"""JSON patches: the examples of RFC 6902's appendix A, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.v1.common_pb2 import JsonPatch
from mopenstack.core.engine import json_patch
from mopenstack.gateway.codec.json_patch import InvalidPatch, read_draft, read_patch


def patched(document: Any, *operations: dict[str, Any]) -> Any:
    return json_patch.apply(document, read_patch(list(operations)))


@pytest.mark.parametrize(
    ("document", "operation", "wanted"),
    [
        ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, {"op": "add", "path": "/foo/1", "value": "b"}, {"foo": ["a", "b", "c"]}),
        ({"foo": ["a"]}, {"op": "add", "path": "/foo/-", "value": ["b"]}, {"foo": ["a", ["b"]]}),
        ({"foo": 1}, {"op": "add", "path": "/foo", "value": None}, {"foo": None}),
        ({"foo": 1}, {"op": "add", "path": "", "value": [1]}, [1]),
        ({"foo": "bar", "baz": 1}, {"op": "remove", "path": "/baz"}, {"foo": "bar"}),
        ({"foo": ["a", "b"]}, {"op": "remove", "path": "/foo/0"}, {"foo": ["b"]}),
        ({"foo": {"bar": 1}}, {"op": "replace", "path": "/foo/bar", "value": 2}, {"foo": {"bar": 2}}),
        ({"foo": ["a"]}, {"op": "replace", "path": "/foo/0", "value": "b"}, {"foo": ["b"]}),
        ({"foo": {"a": 1}, "q": {}}, {"op": "move", "from": "/foo/a", "path": "/q/b"}, {"foo": {}, "q": {"b": 1}}),
        ({"foo": ["a", "b", "c"]}, {"op": "move", "from": "/foo/0", "path": "/foo/2"}, {"foo": ["b", "c", "a"]}),
        ({"foo": 1}, {"op": "move", "from": "/foo", "path": "/foo"}, {"foo": 1}),
        ({"foo": {"a": []}}, {"op": "copy", "from": "/foo", "path": "/bar"}, {"foo": {"a": []}, "bar": {"a": []}}),
        ({"a/b": {"~": 1}}, {"op": "test", "path": "/a~1b/~0", "value": 1}, {"a/b": {"~": 1}}),
        ({"": 1}, {"op": "remove", "path": "/"}, {}),
    ],
)
def test_operations(document: Any, operation: dict[str, Any], wanted: Any) -> None:
    assert patched(document, operation) == wanted


def test_all_or_none() -> None:
    document: dict[str, Any] = {"foo": ["a"]}
    with pytest.raises(json_patch.PatchConflict) as refused:
        patched(document, {"op": "remove", "path": "/foo/0"}, {"op": "remove", "path": "/foo/0"})
    assert document == {"foo": ["a"]}
    assert (refused.value.op, refused.value.path) == ("remove", "/foo/0")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"op": "remove", "path": "/x"}, "can't remove a non-existent object 'x'"),
        ({"op": "replace", "path": "/x", "value": 1}, "can't replace a non-existent object 'x'"),
        ({"op": "replace", "path": "/list/1", "value": 1}, "can't replace outside of list"),
        ({"op": "replace", "path": "/list/-", "value": 1}, "'path' with '-' can't be applied to 'replace' operation"),
        ({"op": "add", "path": "/list/2", "value": 1}, "can't insert outside of list"),
        ({"op": "add", "path": "/list/01", "value": 1}, "'01' is not a valid sequence index"),
        ({"op": "add", "path": "/text/x", "value": 1}, "unable to fully resolve json pointer /text/x, part x"),
        ({"op": "add", "path": "/x/y", "value": 1}, "member 'x' not found in {'list': ['a'], 'text': 't', 'one': 1}"),
        ({"op": "copy", "from": "/list/1", "path": "/y"}, "index '1' is out of bounds"),
        ({"op": "move", "from": "/list", "path": "/list/0"}, "Cannot move values into their own children"),
    ],
)
def test_conflicts(operation: dict[str, Any], said: str) -> None:
    with pytest.raises(json_patch.PatchConflict) as refused:
        patched({"list": ["a"], "text": "t", "one": 1}, operation)
    assert refused.value.reason == said


@pytest.mark.parametrize(("path", "value"), [("/one", True), ("/one", "1"), ("/x", 1), ("/list", ["b"])])
def test_failed_tests(path: str, value: Any) -> None:
    with pytest.raises(json_patch.ValueDiffers):
        patched({"list": ["a"], "one": 1}, {"op": "test", "path": path, "value": value})


@pytest.mark.parametrize(
    ("document", "rule", "path"),
    [
        ({}, "array", ()),
        ([1], "object", (0,)),
        ([{"path": "/a"}], "op_missing", (0,)),
        ([{"op": "merge", "path": "/a"}], "op_unknown", (0, "op")),
        ([{"op": "remove"}], "path_missing", (0, "path")),
        ([{"op": "add", "path": "/a"}], "value_missing", (0, "value")),
        ([{"op": "move", "path": "/a"}], "from_missing", (0, "from")),
        ([{"op": "remove", "path": "a"}], "pointer_start", (0, "path")),
        ([{"op": "remove", "path": "/~2"}], "pointer_escape", (0, "path")),
        ([{"op": "remove", "path": "/~"}], "pointer_escape", (0, "path")),
    ],
)
def test_what_is_no_patch(document: Any, rule: str, path: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidPatch) as refused:
        read_patch(document)
    assert (refused.value.rule, refused.value.path) == (rule, path)


def test_drafts() -> None:
    older = read_draft([{"add": "/a~1b", "value": 1}, {"remove": "/c"}], 4)
    newer = read_draft([{"op": "add", "path": "/a~1b", "value": 1}, {"op": "remove", "path": "/c"}], 10)
    assert older.operations == newer.operations
    assert list(older.operations[0].path) == ["a/b"]
    assert (older.draft, newer.draft, read_patch([])) == (4, 10, JsonPatch())


def test_a_pointer_is_written_as_it_was_read() -> None:
    assert json_patch.pointer(["a/b", "~", "0"]) == "/a~1b/~0/0"
    assert json_patch.resolve({"a/b": {"~": [1]}}, ["a/b", "~", "0"]) == 1
