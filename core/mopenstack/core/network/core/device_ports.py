"""The ports that Neutron itself makes and changes for routers, floating IPs and trunks.

They are made in the cloud's own name: a caller that asks for a gateway may not see the external network's ports.
"""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.core.engine.call import Call
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port

HOST = "devstack"
"""The node whose agent serves every router."""


async def make(call: Call, port: Port, fixed_ips: Sequence[FixedIp] | None = None) -> Port:
    """A port with these addresses; None: one of each family that the network has."""
    port.fixed_ips.extend(fixed_ips or ())
    given = set() if fixed_ips is None else {"fixed_ips"}
    return await call.service(Ports).insert(call.elevated(), port, None, given)


async def give(call: Call, port: Port, device_id: str, device_owner: str, host_id: str) -> Port:
    """Let a device have a port, bound to the device's host; "" takes it back."""
    changed = copy_of(port)
    changed.device_id, changed.device_owner, changed.host_id = device_id, device_owner, host_id
    return await _change(call, port, changed, {"device_id", "device_owner", "host_id"})


async def set_addresses(call: Call, port: Port, fixed_ips: Sequence[FixedIp]) -> Port:
    """Replace a port's addresses."""
    changed = copy_of(port)
    del changed.fixed_ips[:]
    changed.fixed_ips.extend(fixed_ips)
    return await _change(call, port, changed, {"fixed_ips"})


async def drop(call: Call, port_id: str) -> None:
    """Delete a port whatever its owner; nothing happens if it is gone."""
    port = await call.tx.get(Port, port_id)
    if port is not None:
        await call.service(Ports).discard(call.elevated(), port)


async def of_device(call: Call, device_id: str) -> list[Port]:
    """A device's ports, oldest first."""
    found = await call.tx.query(Port, device_id=device_id)
    return sorted(found, key=lambda port: (port.created_at.seconds, port.created_at.nanos, port.id))


async def _change(call: Call, old: Port, changed: Port, given: set[str]) -> Port:
    return await call.service(Ports).modify(call.elevated(), old, changed, given=given)
