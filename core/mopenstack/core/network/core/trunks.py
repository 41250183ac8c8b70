"""Trunks and their sub-ports (neutron.services.trunk.plugin, neutron.services.trunk.rules)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, bad_input, invalid
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.store.transaction import Taken, copy_of
from mopenstack.network.v2.core import trunks_pb2 as pb
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.trunks_pb2 import Trunk
from mopenstack.network.v2.refusals import (
    DuplicateSubPort,
    ParentPortInUse,
    PortInUse,
    PortInUseAsSubPort,
    PortInUseAsTrunkParent,
    SubPortMtuGreaterThanTrunkPortMtu,
    SubPortNotFound,
    TrunkDisabled,
    TrunkNotFound,
    TrunkPortInUse,
)

SubPort = Trunk.SubPort

PORTS = "network/trunk_ports"
"""Claims: port -> the trunk that it is the parent or a sub-port of."""
SUBPORT_OWNER = "trunk:subport"
VLANS = range(1, 4095)
INHERIT = "inherit"


class Trunks(NeutronResource[Trunk]):
    service = pb.DESCRIPTOR.services_by_name["Trunks"]
    message = Trunk
    not_found = TrunkNotFound

    async def view(self, call: Call, obj: Trunk) -> Message:
        async def build() -> Trunk:
            found = await call.tx.get(Trunk, obj.id)
            seen = copy_of(obj if found is None else found)
            parent = await call.tx.get(Port, seen.port_id)
            # The agent makes a trunk ACTIVE as soon as its parent is bound.
            seen.status = "ACTIVE" if parent is not None and parent.status == "ACTIVE" else "DOWN"
            return seen

        return await call.tx.view(("trunk", obj.id), build)

    async def prepare(self, call: Call, obj: Trunk, request: Any, given: set[str]) -> None:
        why = _basic_fault(obj.sub_ports)
        if why:
            raise invalid("sub_ports", why)
        await call.service(Ports).fetch(call, obj.port_id)
        await self._check_free(call, obj.port_id)
        await call.tx.claim(PORTS, obj.port_id, obj)
        asked = [copy_of(item) for item in obj.sub_ports]
        del obj.sub_ports[:]
        await self._add(call, obj, asked)
        obj.status = "DOWN"
        await self._show_on_parent(call, obj)

    async def remove(self, call: Call, obj: Trunk) -> None:
        _check_enabled(obj)
        for item in obj.sub_ports:
            await self._leave(call, item.port_id)
        parent = await call.tx.edit(Port, obj.port_id)
        parent.ClearField("trunk_details")
        await call.tx.put(parent)

    # -- sub-ports

    async def add_ports(self, call: Call, trunk: Trunk, before: Sequence[SubPort], asked: Sequence[SubPort]) -> None:
        """Complete and check sub-ports beside those that the trunk had before."""
        _check_basics(asked)
        del trunk.sub_ports[:]
        trunk.sub_ports.extend(before)
        await self._add(call, trunk, [copy_of(item) for item in asked], check_enabled=True)
        await self._changed(call, trunk)

    async def remove_ports(self, call: Call, trunk: Trunk, before: Sequence[SubPort], asked: Sequence[SubPort]) -> None:
        """Take sub-ports, named by their ports, out of the trunk."""
        _check_enabled(trunk)
        _check_basics(asked)
        kept = {item.port_id: item for item in before}
        for item in asked:
            if kept.pop(item.port_id, None) is None:
                raise SubPortNotFound(port_id=item.port_id, trunk_id=trunk.id)
            await call.tx.release(PORTS, item.port_id)
            await self._leave(call, item.port_id)
        del trunk.sub_ports[:]
        trunk.sub_ports.extend(kept.values())
        await self._changed(call, trunk)

    async def _changed(self, call: Call, trunk: Trunk) -> None:
        # Sub-ports are rows of their own: the trunk's revision stays.
        call.stamp(trunk.updated_at)
        await self._show_on_parent(call, trunk)

    @staticmethod
    async def _show_on_parent(call: Call, trunk: Trunk) -> None:
        """The parent port shows its trunk (neutron_lib.api.definitions.trunk_details)."""
        parent = await call.tx.edit(Port, trunk.port_id)
        parent.trunk_details.Clear()
        parent.trunk_details.trunk_id = trunk.id
        for item in trunk.sub_ports:
            port = await call.tx.get(Port, item.port_id)
            shown = parent.trunk_details.sub_ports.add(mac_address=port.mac_address if port is not None else "")
            copy_fields(item, shown, item.DESCRIPTOR.fields_by_name)
        await call.tx.put(parent)

    async def _add(self, call: Call, trunk: Trunk, asked: Sequence[SubPort], *, check_enabled: bool = False) -> None:
        parent_mtu = await self._mtu(call, await call.tx.get(Port, trunk.port_id))
        for item in asked:
            await self._check_subport(call, trunk, item, parent_mtu)
        if check_enabled:
            _check_enabled(trunk)
        for item in asked:
            kind, number = item.segmentation_type, item.segmentation_id
            if any((other.segmentation_type, other.segmentation_id) == (kind, number) for other in trunk.sub_ports):
                raise DuplicateSubPort(segmentation_type=kind, segmentation_id=number, trunk_id=trunk.id)
            await self._join(call, trunk, item)
            trunk.sub_ports.append(item)

    async def _check_subport(self, call: Call, trunk: Trunk, item: SubPort, parent_mtu: int) -> None:
        if item.port_id == trunk.port_id:
            raise ParentPortInUse(port_id=item.port_id)
        port = await call.tx.get(Port, item.port_id)
        network = await call.tx.get(Network, port.network_id) if port is not None else None
        if network is not None and item.segmentation_type == INHERIT:
            item.segmentation_type, item.segmentation_id = network.network_type, network.segmentation_id
        if network is not None and network.mtu > parent_mtu:
            raise SubPortMtuGreaterThanTrunkPortMtu(
                port_mtu=network.mtu, port_id=item.port_id, trunk_mtu=parent_mtu, trunk_id=trunk.port_id
            )
        if not item.segmentation_type or not item.HasField("segmentation_id"):
            raise bad_input(_missing_segmentation(item))
        if item.segmentation_type != "vlan":
            raise bad_input(f"Unknown segmentation_type '{item.segmentation_type}'")
        if item.segmentation_id not in VLANS:
            raise bad_input(f"Segmentation ID '{item.segmentation_id}' is not in range")
        await self._check_free(call, item.port_id)
        found = await call.service(Ports).fetch(call, item.port_id)
        if found.device_id:
            raise PortInUse(port_id=found.id, net_id=found.network_id, device_id=found.device_id)

    @staticmethod
    async def _mtu(call: Call, port: Port | None) -> int:
        network = await call.tx.get(Network, port.network_id) if port is not None else None
        return network.mtu if network is not None else 0

    @staticmethod
    async def _check_free(call: Call, port_id: str) -> None:
        trunk = await _trunk_of(call, port_id)
        if trunk is None:
            return
        raise (ParentPortInUse if trunk.port_id == port_id else TrunkPortInUse)(port_id=port_id)

    async def _join(self, call: Call, trunk: Trunk, item: SubPort) -> None:
        try:
            await call.tx.claim(PORTS, item.port_id, trunk)
        except Taken:
            raise TrunkPortInUse(port_id=item.port_id) from None
        parent = await call.tx.get(Port, trunk.port_id)
        host = parent.host_id if parent is not None else ""
        if host:
            # The agent binds the sub-ports of an active trunk (services.trunk.rpc.server).
            port = await call.service(Ports).fetch(call, item.port_id)
            await device_ports.give(call, port, trunk.id, SUBPORT_OWNER, host)

    @staticmethod
    async def _leave(call: Call, port_id: str) -> None:
        port = await call.tx.get(Port, port_id)
        if port is not None and port.device_owner == SUBPORT_OWNER:
            await device_ports.give(call, port, "", "", "")


async def _add_subports(call: Call, trunk: Trunk, before: Sequence[SubPort], request: pb.SubportsRequest) -> None:
    await call.service(Trunks).add_ports(call, trunk, before, request.sub_ports)


async def _remove_subports(call: Call, trunk: Trunk, before: Sequence[SubPort], request: pb.SubportsRequest) -> None:
    await call.service(Trunks).remove_ports(call, trunk, before, request.sub_ports)


SUB_PORTS = Collection("trunk", "sub_ports", added=_add_subports, removed=_remove_subports, touches=False)


async def _trunk_of(call: Call, port_id: str) -> Trunk | None:
    owner = await call.tx.claimed(PORTS, port_id)
    return await call.tx.get(Trunk, owner.partition("/")[2]) if owner is not None else None


def _check_enabled(trunk: Trunk) -> None:
    if not trunk.admin_state_up:
        raise TrunkDisabled(trunk_id=trunk.id)


def _check_basics(items: Iterable[SubPort]) -> None:
    why = _basic_fault(items)
    if why:
        raise bad_input(why)


def _basic_fault(items: Iterable[SubPort]) -> str:
    """What neutron_lib's validate_subports says; empty if nothing is wrong."""
    seen: set[str] = set()
    segments: set[tuple[str, int]] = set()
    for item in items:
        if not item.port_id:
            return "A valid port UUID must be specified"
        if item.port_id in seen:
            return f"Non unique UUID for subport: '{item.port_id}'"
        seen.add(item.port_id)
        if item.segmentation_type == INHERIT:
            return ""
        has_id = item.HasField("segmentation_id")
        if bool(item.segmentation_type) != has_id:
            return _missing_segmentation(item)
        segment = (item.segmentation_type, item.segmentation_id)
        if has_id and segment in segments:
            return f"Segmentation ID '{item.segmentation_id}' for '{item.port_id}' is not unique"
        segments.add(segment)
    return ""


def _missing_segmentation(item: SubPort) -> str:
    given: dict[str, Any] = {"port_id": item.port_id}
    if item.segmentation_type:
        given["segmentation_type"] = item.segmentation_type
    if item.HasField("segmentation_id"):
        given["segmentation_id"] = item.segmentation_id
    return (
        f"Invalid subport details '{given}': missing segmentation information. "
        "Must specify both segmentation_id and segmentation_type"
    )


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """A port of a trunk cannot be deleted."""
    trunk = await _trunk_of(call, port.id)
    if trunk is not None:
        raise (PortInUseAsTrunkParent if trunk.port_id == port.id else PortInUseAsSubPort)(
            port_id=port.id, trunk_id=trunk.id
        )


@subscribes("after_binding", "port")
async def _port_bound(call: Call, port: Port) -> None:
    """Sub-ports follow their parent to its host, and away from it (services.trunk.rpc.server)."""
    trunk = await _trunk_of(call, port.id)
    if trunk is None or trunk.port_id != port.id:
        return
    for item in trunk.sub_ports:
        sub_port = await call.tx.get(Port, item.port_id)
        if sub_port is not None and port.host_id:
            await device_ports.give(call, sub_port, trunk.id, SUBPORT_OWNER, port.host_id)
        elif sub_port is not None:
            await device_ports.give(call, sub_port, sub_port.device_id, sub_port.device_owner, "")
