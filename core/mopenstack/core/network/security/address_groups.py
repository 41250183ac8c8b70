"""Address groups (neutron.db.address_group_db)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import invalid, sees_all
from mopenstack.core.network.common.rbac import forget_policies
from mopenstack.core.network.common.shared_resource import SharedResource
from mopenstack.network.v2.refusals import (
    AddressesAlreadyExist,
    AddressesNotFound,
    AddressGroupInUse,
    AddressGroupNotFound,
    HttpNotFound,
)
from mopenstack.network.v2.security import address_groups_pb2 as pb
from mopenstack.network.v2.security.address_groups_pb2 import AddressesResponse, AddressGroup, AddressGroupInFull
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule

IN_FULL = tuple(AddressGroupInFull.DESCRIPTOR.fields_by_name)


class AddressGroups(SharedResource[AddressGroup]):
    service = pb.DESCRIPTOR.services_by_name["AddressGroups"]
    message = AddressGroup
    not_found = AddressGroupNotFound

    async def fetch(self, call: Call, id: str) -> AddressGroup:
        """Others do not know the groups that they see when they write: Neutron's policy does not look at `shared`."""
        group = await super().fetch(call, id)
        operation = call.operation
        if (
            operation is not None
            and operation.service == self.service.full_name
            and not operation.method.startswith(("Get", "List"))
            and not sees_all(call.caller)
            and group.project_id != call.caller.project_id
        ):
            raise HttpNotFound()
        return group

    async def prepare(self, call: Call, obj: AddressGroup, request: Any, given: set[str]) -> None:
        _set(obj, map(_canonical, obj.addresses))
        # Each address is a row of its own, and each of them counts as a change of the group.
        obj.revision_number = len(obj.addresses)

    async def add_addresses(self, call: Call, request: Any) -> AddressesResponse:
        group = await call.tx.edit(AddressGroup, call.target.id)
        given = [_canonical(text) for text in request.addresses]
        known = [text for text in given if text in group.addresses]
        if known:
            raise AddressesAlreadyExist(addresses=known, address_group_id=group.id)
        return await self._change(call, group, [*group.addresses, *given])

    async def remove_addresses(self, call: Call, request: Any) -> AddressesResponse:
        group = await call.tx.edit(AddressGroup, call.target.id)
        given = [text if "/" not in text else _canonical(text) for text in request.addresses]
        unknown = [text for text in given if text not in group.addresses]
        if unknown:
            raise AddressesNotFound(addresses=unknown, address_group_id=group.id)
        return await self._change(call, group, [text for text in group.addresses if text not in given])

    async def _change(self, call: Call, group: AddressGroup, addresses: Iterable[str]) -> AddressesResponse:
        _set(group, addresses)
        await self.save(call, group)
        full = AddressGroupInFull(standard_attr_id=int(group.id[:6], 16) + 1)
        copy_fields(group, full, IN_FULL)
        return AddressesResponse(address_group=full)

    async def remove(self, call: Call, obj: AddressGroup) -> None:
        if await call.tx.count(SecurityGroupRule, remote_address_group_id=obj.id):
            raise AddressGroupInUse(address_group_id=obj.id)
        await forget_policies(call, obj.id)


def _canonical(text: str) -> str:
    if "/" not in text:
        # neutron_lib.api.validators.validate_subnet
        why = f"'{text}' isn't a recognized IP subnet cidr, '{ipaddress.ip_network(text)}' is recommended"
        raise invalid("addresses", why)
    return str(ipaddress.ip_network(text, strict=False))


def _set(group: AddressGroup, addresses: Iterable[str]) -> None:
    """Store them in the order in which the database gives them back: sorted, each once."""
    found = sorted(set(addresses))
    del group.addresses[:]
    group.addresses.extend(found)
