"""Address groups (neutron.db.address_group_db)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.network.base import NeutronResource, invalid, sees_all, standard_attr_id
from mopenstack.core.network.common.rbac import forget_policies
from mopenstack.network.v2.refusals import (
    AddressesAlreadyExist,
    AddressesNotFound,
    AddressGroupInUse,
    AddressGroupNotFound,
    HttpNotFound,
)
from mopenstack.network.v2.security import address_groups_pb2 as pb
from mopenstack.network.v2.security.address_groups_pb2 import AddressGroup
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule


class AddressGroups(NeutronResource[AddressGroup]):
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
        obj.standard_attr_id = standard_attr_id(obj.id)

    async def remove(self, call: Call, obj: AddressGroup) -> None:
        if await call.tx.count(SecurityGroupRule, remote_address_group_id=obj.id):
            raise AddressGroupInUse(address_group_id=obj.id)
        await forget_policies(call, obj.id)


async def _add(call: Call, group: AddressGroup, before: list[str], request: Any) -> None:
    given = [_canonical(text) for text in request.addresses]
    known = [text for text in given if text in before]
    if known:
        raise AddressesAlreadyExist(addresses=known, address_group_id=group.id)
    _set(group, [*before, *given])


async def _remove(call: Call, group: AddressGroup, before: list[str], request: Any) -> None:
    given = [text if "/" not in text else _canonical(text) for text in request.addresses]
    unknown = [text for text in given if text not in before]
    if unknown:
        raise AddressesNotFound(addresses=unknown, address_group_id=group.id)
    _set(group, [text for text in before if text not in given])


ADDRESSES = Collection("address_group", "addresses", added=_add, removed=_remove)


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
