"""Names that Neutron keeps in Designate: of ports, and of floating IPs.

Source: neutron.services.externaldns.drivers.designate, neutron.plugins.ml2.extensions.dns_integration.

A port has records where its network is no tenant network of a tunnel or an external one, or where its subnet publishes
addresses; a floating IP has those of its own name, else of its port's. The zone is the one called as the `dns_domain`
says, in the project of the port or floating IP. Where there is none, or it refuses, Neutron only logs it.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from mopenstack.contract.faults import Fault
from mopenstack.core.dns.base import DnsCaller, everywhere
from mopenstack.core.dns.lifecycle import DELETE
from mopenstack.core.dns.recordsets.floatingips import SERVICE_PROJECT, reverse_name
from mopenstack.core.dns.recordsets.recordsets import RecordSets
from mopenstack.core.dns.zones.zones import HOSTMASTER, Zones
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.options import switch
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones.zones_pb2 import Zone
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip

log = logging.getLogger(__name__)

EXTERNAL_DNS = switch(
    "dns.names_of_ports", True, "Whether Neutron keeps the names of ports and floating IPs in zones of Designate."
)
NIBBLES_OF_ZONE = 29
"""Of an IPv6 address: ipv6_ptr_zone_prefix_size is 116."""


@dataclass(frozen=True, slots=True)
class Name:
    """What an object is called in the domain name system: nothing where the zone or the name is empty."""

    project_id: str = ""
    domain: str = ""
    name: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The fully qualified name."""
        return f"{self.name}.{self.domain}" if self.name and self.domain and self.addresses else ""


@subscribes("after_create", "port")
async def port_made(call: Call, port: Port) -> None:
    """A new port."""
    await _keep(call, port.id, await _of_port(call, port))


@subscribes("after_update", "port")
async def port_changed(call: Call, old: Port, new: Port) -> None:
    """A port with another name, domain or addresses; the floating IPs on it follow."""
    if _facts(old) == _facts(new):
        return
    await _keep(call, new.id, await _of_port(call, new))
    for address in await call.tx.query(Floatingip, port_id=new.id):
        await _keep(call, address.id, await _of_floatingip(call, address))


@subscribes("after_create", "floatingip")
async def floatingip_made(call: Call, address: Floatingip) -> None:
    """A new floating IP."""
    await _keep(call, address.id, await _of_floatingip(call, address))


@subscribes("after_update", "floatingip")
async def floatingip_changed(call: Call, old: Floatingip, new: Floatingip) -> None:
    """A floating IP on another port."""
    if old.port_id != new.port_id:
        await _keep(call, new.id, await _of_floatingip(call, new))


@subscribes("before_delete", "port", "floatingip")
async def gone(call: Call, obj: Port | Floatingip) -> None:
    """What is gone has no name."""
    await _keep(call, obj.id, Name())


def _facts(port: Port) -> tuple[str, str, tuple[str, ...]]:
    return port.dns_name, port.dns_domain, tuple(fixed.ip_address for fixed in port.fixed_ips)


async def _of_port(call: Call, port: Port) -> Name:
    if not port.dns_name:
        return Name()
    network = await call.tx.get(Network, port.network_id)
    if network is None or not await _publishes(call, network, port):
        return Name()
    addresses = tuple(fixed.ip_address for fixed in port.fixed_ips)
    return Name(port.project_id, port.dns_domain or network.dns_domain, port.dns_name, addresses)


async def _publishes(call: Call, network: Network, port: Port) -> bool:
    """Whether the ports of a network have records. Source: DNSExtensionDriverML2.external_dns_not_needed."""
    for fixed in port.fixed_ips:
        subnet = await call.tx.get(Subnet, fixed.subnet_id)
        if subnet is not None and subnet.dns_publish_fixed_ip:
            return True
    return not network.external and network.network_type in ("flat", "vlan")


async def _of_floatingip(call: Call, address: Floatingip) -> Name:
    name, domain = address.dns_name, address.dns_domain
    if not (name and domain):
        port = await call.tx.get(Port, address.port_id) if address.HasField("port_id") else None
        network = await call.tx.get(Network, port.network_id) if port is not None else None
        if port is None or network is None:
            return Name()
        name, domain = port.dns_name, port.dns_domain or network.dns_domain
    return Name(address.project_id, domain, name, (address.floating_ip_address,))


async def _keep(call: Call, owner: str, wanted: Name) -> None:
    """Make the records of an object be those of its name."""
    kept = [one for one in await call.tx.query(RecordSet, owners=owner) if one.action != DELETE]
    fresh = _records(wanted)
    same = {(one.name, one.type, tuple(one.records)) for one in kept}
    if same == {(one.name, one.type, tuple(one.records)) for one in fresh}:
        return
    system = call.elevated(everywhere())
    for one in kept:
        await call.service(RecordSets).drop(system, one)
    if fresh and call.cloud.enabled(EXTERNAL_DNS):
        await _write(call, owner, wanted, fresh)


def _records(wanted: Name) -> list[RecordSet]:
    """The record sets of a name: its addresses by type, and the name of each address."""
    if not wanted.full:
        return []
    found = []
    for kind, version in (("A", 4), ("AAAA", 6)):
        addresses = [one for one in wanted.addresses if ipaddress.ip_address(one).version == version]
        if addresses:
            found.append(RecordSet(name=wanted.full, type=kind, records=addresses))
    pointers = [RecordSet(name=reverse_name(one), type="PTR", records=[wanted.full]) for one in wanted.addresses]
    return [*found, *pointers]


async def _write(call: Call, owner: str, wanted: Name, fresh: Sequence[RecordSet]) -> None:
    zones = call.service(Zones)
    zone = await zones.by_name(call, wanted.domain)
    mine = DnsCaller(project_id=wanted.project_id, roles=frozenset({"member", "reader"}), token=call.caller.token)
    if zone is None or not (zone.project_id == wanted.project_id or wanted.project_id in zone.shared_with):
        log.info("%s: there is no zone %s in its project", owner, wanted.domain)
        return
    system = call.elevated(everywhere())
    for recordset in fresh:
        recordset.owners.append(owner)
        pointer = recordset.type == "PTR"
        try:
            target = await _reverse(system, recordset.name) if pointer else zone
            inner = system if pointer else call.elevated(mine)
            inner.target = await call.tx.get(Zone, target.id)
            await call.service(RecordSets).insert(inner, recordset, None, {"name", "type", "records"})
        except Fault as refused:
            log.info("%s: no record %s %s: %s", owner, recordset.name, recordset.type, refused.text)
            if not pointer:
                return


async def _reverse(call: Call, name: str) -> Zone:
    """The zone of an address's name; made where it is not there."""
    labels = name.split(".")
    zone_name = ".".join(labels[1:] if name.endswith("in-addr.arpa.") else labels[32 - NIBBLES_OF_ZONE :])
    zones = call.service(Zones)
    found = await zones.by_name(call, zone_name)
    if found is not None:
        return found
    return await zones.make(call, Zone(name=zone_name, email=HOSTMASTER, type=Zone.PRIMARY, project_id=SERVICE_PROJECT))
