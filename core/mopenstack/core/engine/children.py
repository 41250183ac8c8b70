"""Resources that are part of another one: they live under its path (`/qos/policies/{id}/bandwidth_limit_rules`).

The resource's option `parent` names the stored field with the parent's id. The operations name the parent as `target`,
so that its visibility (404) and its owner (policy) decide; here the child takes its place before the generic steps run.
Operations without a target do not look for the parent: its id is the first path variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import path_variables
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.kinds import stored

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Parent:
    """The target of an operation that does not look for the parent: only its id is known."""

    id: str


class ChildServicer(ResourceServicer[M]):
    """Create, show, list, update and delete below a parent.

    variable   the path variable with the child's id; empty: the last one
    """

    variable: ClassVar[str] = ""

    def absent(self, call: Call, id: str) -> Exception:
        """The refusal of an id that the parent (`call.target`) does not have."""
        return self.not_found(id=id)

    def visible(self, call: Call, obj: M) -> bool:
        return True

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        return await self.children(call, stored(call.target).id)

    async def children(self, call: Call, parent_id: str) -> Sequence[M]:
        """All that a parent has."""
        message: type[Any] = self.message
        return await call.tx.query(message, **{self.options.parent: parent_id})

    async def child(self, call: Call, parent_id: str, id: str) -> M | None:
        """The child that a path names."""
        found: Any = await call.tx.get(self.message, id)
        return found if found is not None and getattr(found, self.options.parent) == parent_id else None

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        setattr(obj, self.options.parent, stored(call.target).id)

    async def create(self, call: Call, request: Any) -> Result:
        return await super().create(_with_parent(call, request), request)

    async def list(self, call: Call, request: Any) -> Result:
        return await super().list(_with_parent(call, request), request)

    async def get(self, call: Call, request: Any) -> Result:
        return await super().get(await self._enter(call, request), request)

    async def update(self, call: Call, request: Any) -> Result:
        return await super().update(await self._enter(call, request), request)

    async def delete(self, call: Call, request: Any) -> Result:
        return await super().delete(await self._enter(call, request), request)

    async def _enter(self, call: Call, request: Any) -> Call:
        """Make the child the target; raises its not-found."""
        id = getattr(request, self.variable or _variables(call)[-1])
        found = await self.child(_with_parent(call, request), stored(call.target).id, id)
        if found is None:
            raise self.absent(call, id)
        call.target = found
        return call


def _with_parent(call: Call, request: Any) -> Call:
    if call.target is None:
        call.target = Parent(getattr(request, _variables(call)[0]))
    return call


def _variables(call: Call) -> Sequence[str]:
    """The names of the path's variables."""
    assert call.operation is not None
    return path_variables(call.operation)
