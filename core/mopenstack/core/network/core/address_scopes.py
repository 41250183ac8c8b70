"""Address scopes (neutron.db.address_scope_db)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.common.rbac import forget_policies
from mopenstack.network.v2.core import address_scopes_pb2 as pb
from mopenstack.network.v2.core.address_scopes_pb2 import AddressScope
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.refusals import AddressScopeInUse, AddressScopeNotFound, AddressScopeUpdateError


class AddressScopes(NeutronResource[AddressScope]):
    service = pb.DESCRIPTOR.services_by_name["AddressScopes"]
    message = AddressScope
    not_found = AddressScopeNotFound

    async def change(self, call: Call, old: AddressScope, new: AddressScope, request: Any, given: set[str]) -> None:
        if old.shared and not new.shared:
            raise AddressScopeUpdateError(address_scope_id=old.id, why="Shared address scope can't be unshared")

    async def remove(self, call: Call, obj: AddressScope) -> None:
        if await call.tx.query(Subnetpool, address_scope_id=obj.id):
            raise AddressScopeInUse(address_scope_id=obj.id)
        await forget_policies(call, obj.id)
