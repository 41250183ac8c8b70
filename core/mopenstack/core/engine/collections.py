"""Sub-collections of a resource: parts that have operations of their own, declared with `collection`.

A map<string, string> of the target (metadata, extra specs), a repeated string (tags, traits, projects with access) or a
repeated message (extra routes, sub-ports). Verb and path say the step, or `step` does. What a service has to say about
one is a `Collection`, a value of one of its modules:

    METADATA = Collection("server", "metadata", change=check_metadata, missing=no_such_key)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Result
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call

Step = annotations_pb2.Collection

EMPTY = common.Empty()


Change = Callable[[Call, Any, Any, Any], Awaitable[None]]
"""(call, private copy with the new value, value before, request)"""


@dataclass(frozen=True, slots=True)
class Collection:
    """The rules of one sub-collection.

    kind, field  of the resource, and its map or repeated field; "*": of every kind that a path can name
    check        (call, request): checks the request before the target is looked for (Servicer.check_request)
    change       (call, private copy with the new value, value before, request): checks and completes a change
    added        the same for an addition
    removed      the same for a removal (STEP_REMOVE)
    missing      (call, resource, item) -> the refusal of an item that is not there; none: the resource's not-found
    shows        (call, resource, item) -> whether the caller may know of the item; none: of all
    touches      whether a change sets the resource's updated_at and revision_number
    ordered      whether a set of words is kept in alphabetical order
    listed       (call, resource): refuses to list the items of a resource
    view         (resource, item) -> the message that shows an item, where an answer has messages
    if_changed   whether a change is stored only if it changes anything; it is checked in any case
    complete     (call, resource, answer): fills what the answer holds beside the items (a generation, headers)
    """

    kind: str
    field: str
    check: Callable[[Call, Any], Awaitable[None]] | None = None
    change: Change | None = None
    added: Change | None = None
    removed: Change | None = None
    missing: Callable[[Call, Any, str], Exception] | None = None
    shows: Callable[[Call, Any, str], bool] | None = None
    touches: bool = True
    ordered: bool = False
    listed: Callable[[Call, Any], None] | None = None
    view: Callable[[Any, str], Message] | None = None
    if_changed: bool = False
    complete: Callable[[Call, Any, Any], Awaitable[None]] | None = None


Handler = Callable[[Call, Any], Awaitable[Result | Outcome]]
Rules = Mapping[tuple[str, str], Collection]
"""(kind, field) -> what a service says of the sub-collection."""


@cache
def path_variables(operation: Operation) -> tuple[str, ...]:
    """The names of the variables of an operation's path."""
    return tuple(part[1:-1] for part in operation.routes[0].path.split("/") if part.startswith("{"))


def item_variable(operation: Operation) -> str:
    """The field of the request that names one item of the operation's collection."""
    return operation.options.collection.item or path_variables(operation)[-1]


def step_of(operation: Operation) -> int:
    """What verb and path mean."""
    verb, path = operation.routes[0].verb, operation.routes[0].path
    item = path.rpartition("/")[2].startswith("{")
    steps = (
        {
            "GET": Step.STEP_GET,
            "HEAD": Step.STEP_GET,
            "POST": Step.STEP_ADD,
            "PUT": Step.STEP_PUT,
            "DELETE": Step.STEP_DELETE,
        }
        if item
        else {
            "GET": Step.STEP_LIST,
            "POST": Step.STEP_ADD,
            "PUT": Step.STEP_REPLACE,
            "PATCH": Step.STEP_ADD,
            "DELETE": Step.STEP_CLEAR,
        }
    )
    if verb not in steps:
        raise ValueError(f"{operation.name}: {verb} {path} says no step of a collection")
    return steps[verb]
