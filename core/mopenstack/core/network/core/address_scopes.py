"""Address scopes (neutron.db.address_scope_db)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource, sees_all, union
from mopenstack.core.network.common.rbac import forget_policies
from mopenstack.network.v2.core import address_scopes_pb2 as pb
from mopenstack.network.v2.core.address_scopes_pb2 import AddressScope
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.refusals import AddressScopeInUse, AddressScopeNotFound, AddressScopeUpdateError


class AddressScopes(NeutronResource[AddressScope]):
    service = pb.DESCRIPTOR.services_by_name["AddressScopes"]
    message = AddressScope
    not_found = AddressScopeNotFound

    def visible(self, call: Call, obj: AddressScope) -> bool:
        return super().visible(call, obj) or obj.shared or call.caller.project_id in obj.shared_with

    async def candidates(self, call: Call, query: common.Query) -> Iterable[AddressScope]:
        if sees_all(call.caller):
            return await super().candidates(call, query)
        self.check_sort(query)
        project = call.caller.project_id
        return await union(call, AddressScope, {"project_id": project}, {"shared": True}, {"shared_with": project})

    async def change(self, call: Call, old: AddressScope, new: AddressScope, request: Any, given: set[str]) -> None:
        if old.shared and not new.shared:
            raise AddressScopeUpdateError(address_scope_id=old.id, why="Shared address scope can't be unshared")

    async def remove(self, call: Call, obj: AddressScope) -> None:
        if await call.tx.query(Subnetpool, address_scope_id=obj.id):
            raise AddressScopeInUse(address_scope_id=obj.id)
        await forget_policies(call, obj.id)
