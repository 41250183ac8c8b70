"""Resources that live under another one's path (`/qos/policies/{id}/bandwidth_limit_rules`).

Their operations name the parent as `target`, so that its visibility (404) and its owner (policy) decide;
here the child takes its place before the generic steps run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.base import NeutronResource

M = TypeVar("M", bound=Message)


class SubResource(NeutronResource[M]):
    """`parent_field` is the stored field with the parent's id, `variable` the path variable with the child's."""

    parent_field: ClassVar[str]
    variable: ClassVar[str]

    def absent(self, call: Call, id: str) -> Exception:
        """The refusal of an id that the parent (`call.target`) does not have."""
        return self.not_found(id=id)

    def visible(self, call: Call, obj: M) -> bool:
        return True

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        self.check_sort(query)
        return await self.children(call, call.target.id)

    async def children(self, call: Call, parent_id: str) -> list[M]:
        """All that a parent has."""
        message: type[Any] = self.message
        return await call.tx.query(message, **{self.parent_field: parent_id})

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        setattr(obj, self.parent_field, call.target.id)

    async def get(self, call: Call, request: Any) -> Result:
        return await super().get(await self._child(call, request), request)

    async def update(self, call: Call, request: Any) -> Result:
        return await super().update(await self._child(call, request), request)

    async def delete(self, call: Call, request: Any) -> Result:
        return await super().delete(await self._child(call, request), request)

    async def _child(self, call: Call, request: Any) -> Call:
        id = getattr(request, self.variable)
        child = await call.tx.get(self.message, id)
        if child is None or getattr(child, self.parent_field) != call.target.id:
            raise self.absent(call, id)
        call.target = child
        return call
