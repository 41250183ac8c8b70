"""Resources that are not stored: what a list shows is computed (extensions, availability zones, usage of addresses).

Such a message has no `kind`; the option `resource` says its plural, the field that a path names it by (`key`), and who
may see what.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page, Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import item_variable
from mopenstack.core.engine.servicer import ResourceServicer

M = TypeVar("M", bound=Message)


class ComputedServicer(ResourceServicer[M]):
    """List and show; lists have filters, and no order and pages of their own."""

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        raise NotImplementedError

    async def find(self, call: Call, id: str) -> M | None:
        key = self.options.key or "id"
        return next((one for one in await self.candidates(call, common.Query()) if getattr(one, key) == id), None)

    async def get(self, call: Call, request: Any) -> Result:
        assert call.operation is not None
        call.target = await self.fetch(call, getattr(request, item_variable(call.operation)))
        return await super().get(call, request)

    async def list(self, call: Call, request: Any) -> Result:
        query = getattr(request, "query", None) or common.Query()
        found = [one for one in await self.candidates(call, query) if self.visible(call, one)]
        for item in query.filters:
            test = self.listing.filter(item.key, item.values)
            found = [one for one in found if test is None or test(one)]
        return Page([await self.view(call, one) for one in found])
