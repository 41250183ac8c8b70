"""Ports (neutron.db.db_base_plugin_v2, neutron.plugins.ml2.plugin).

Other services call, inside their own transaction, in the name of their caller or of the cloud
(`call.elevated()`), the plain methods that every resource has:

    ports = call.service(Ports)                                  # or call.owner_of("port")
    port = await ports.insert(call, Port(network_id=..., project_id=..., device_id=server.id,
                                         device_owner="compute:nova", host_id=host), None, given)
    port = await ports.modify(call, stored, copy_of_it, given={"device_id", "device_owner", "host_id"})
    await ports.discard(call, stored)
    found = await call.tx.query(Port, device_id=server.id)

`given` names the fields that the caller chose: without "fixed_ips", "security_groups", "mac_address" and
"port_security_enabled" Neutron chooses as for a user's port. They check Neutron's rules and quota, no policy.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.base import NeutronResource, bad_input, check_qos_change, check_qos_policy
from mopenstack.core.network.core import dns, port_addresses
from mopenstack.core.network.core.addresses import ROUTER_INTERFACE_OWNERS, ROUTER_PORT_OWNERS
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.port_values import bind, check_values, complete_pairs, merged_options
from mopenstack.core.network.core.resource_requests import resource_request
from mopenstack.core.network.core.subnet_rules import is_automatic
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core import ports_pb2 as pb
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.refusals import (
    AddressPairAndPortSecurityRequired,
    BadResourceRequest,
    DeviceIdNotOwnedByTenant,
    MacAddressGenerationFailure,
    MacAddressInUse,
    PortBound,
    PortNotFound,
    PortSecurityAndIpRequiredForSecurityGroups,
    PortSecurityPortHasSecurityGroup,
    SecurityGroupConflict,
    SecurityGroupNotFound,
    ServicePortInUse,
    UnsupportedPortDeviceOwner,
)

MAC_PREFIX = "fa:16:3e"
MAC_DRAWS = 16
L3_OWNERS = (*ROUTER_PORT_OWNERS, "network:floatingip")
"""Ports that only routers and floating IPs may delete."""
L3_CALLBACK = "neutron.db.l3_db.L3_NAT_dbonly_mixin._prevent_l3_port_delete_callback"
TRUNK_CALLBACK = "neutron.services.trunk.rules.enforce_port_deletion_rules"
"""Names of what refuses a deletion, as the refusal of several tells them."""


class Ports(NeutronResource[Port]):
    service = pb.DESCRIPTOR.services_by_name["Ports"]
    message = Port
    not_found = PortNotFound
    filters = frozenset({"fixed_ips"})

    async def before(self, call: Call, request: Any) -> None:
        await super().before(call, request)
        if call.operation is not None and call.operation.method == "CreatePort":
            # The policies ask for the network's owner and sharing, which the request does not say.
            _copy_network(await call.service(Networks).fetch(call, request.port.network_id), request.port)

    async def matches(self, call: Call, obj: Port, key: str, values: Sequence[str]) -> bool:
        if key != "fixed_ips":
            return await super().matches(call, obj, key, values)
        wanted: dict[str, set[str]] = {}
        for value in values:
            name, equals, word = value.partition("=")
            if not equals:
                raise bad_input(f"'{value}' is not of the form <key>=[value]")
            wanted.setdefault(name, set()).add(word)
        return any(_fixed_matches(fixed, wanted) for fixed in obj.fixed_ips)

    async def view(self, call: Call, obj: Port) -> Message:
        if not (obj.qos_policy_id or obj.qos_network_policy_id):
            return obj

        async def build() -> Port:
            seen = copy_of(obj)
            asked = await resource_request(call, obj)
            if asked is not None:
                seen.resource_request.update(asked)
            return seen

        return await call.tx.view(("port", obj.id), build)

    # -- create

    async def prepare(self, call: Call, obj: Port, request: Any, given: set[str]) -> None:
        check_values(obj, given)
        network = await call.service(Networks).fetch(call, obj.network_id)
        _copy_network(network, obj)
        await self._check_device(call, obj)
        await check_qos_policy(call, obj)
        if network.HasField("qos_policy_id"):
            obj.qos_network_policy_id = network.qos_policy_id
        await self._take_mac(call, obj)
        trusted = obj.device_owner.startswith("network:")
        if trusted or "port_security_enabled" not in given:
            obj.port_security_enabled = not trusted and network.port_security_enabled
        await self._set_groups(call, obj, given)
        asked = list(obj.fixed_ips) if "fixed_ips" in given else None
        _set_addresses(obj, await port_addresses.allocate(call, obj, asked))
        _set_names(obj)
        obj.ip_allocation = "none" if asked is not None and not asked else "immediate"
        complete_pairs(obj)
        if obj.allowed_address_pairs and not obj.port_security_enabled:
            raise AddressPairAndPortSecurityRequired()
        options = merged_options((), obj.extra_dhcp_opts)
        del obj.extra_dhcp_opts[:]
        obj.extra_dhcp_opts.extend(options)
        obj.revision_number = 1
        _show_trust(obj)
        bind(obj)

    @staticmethod
    async def _check_device(call: Call, obj: Port) -> None:
        """Refuse a port that claims to be an interface of another project's router."""
        routers = call.owner_of("router")
        if routers is None or call.caller.is_admin or obj.device_owner not in ROUTER_INTERFACE_OWNERS:
            return
        router = await routers.find(call, obj.device_id)
        if router is not None and router.project_id != obj.project_id:
            raise DeviceIdNotOwnedByTenant(device_id=obj.device_id)

    async def _take_mac(self, call: Call, obj: Port) -> None:
        scope = f"mac/{obj.network_id}"
        if obj.mac_address:
            obj.mac_address = obj.mac_address.lower()
            if not await call.tx.take(scope, obj.mac_address, obj):
                raise MacAddressInUse(net_id=obj.network_id, mac=obj.mac_address)
            return
        for _ in range(MAC_DRAWS):
            number = call.ids.below(1 << 24)
            mac = f"{MAC_PREFIX}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
            if await call.tx.take(scope, mac, obj):
                obj.mac_address = mac
                return
        raise MacAddressGenerationFailure(net_id=obj.network_id)

    async def _set_groups(self, call: Call, obj: Port, given: set[str]) -> None:
        groups = call.owner_of("security_group")
        if obj.security_groups and not obj.port_security_enabled:
            raise PortSecurityAndIpRequiredForSecurityGroups()
        if groups is None:
            return
        if "security_groups" not in given:
            if obj.port_security_enabled:
                obj.security_groups.append((await groups.default_group(call, obj.project_id)).id)
            return
        await self._check_groups(call, obj.security_groups)
        obj.security_groups.sort()

    @staticmethod
    async def _check_groups(call: Call, ids: Iterable[str]) -> None:
        groups = call.owner_of("security_group")
        found = []
        for id in ids:
            group = await groups.find(call, id)
            if group is None or not groups.visible(call, group):
                raise SecurityGroupNotFound(id=id)
            found.append(group)
        if len({group.stateful for group in found}) > 1:
            why = "Cannot apply both stateful and stateless security groups on the same port at the same time"
            raise SecurityGroupConflict(why=why)

    # -- update

    async def change(self, call: Call, old: Port, new: Port, request: Any, given: set[str]) -> None:
        asked_options = list(new.extra_dhcp_opts)
        check_values(new, given)
        if given & {"device_id", "device_owner"}:
            await self._check_device(call, new)
        await check_qos_change(call, old, new, given)
        if "mac_address" in given and new.mac_address.lower() != old.mac_address:
            await self._change_mac(call, old, new)
        else:
            new.mac_address = old.mac_address
        if "fixed_ips" in given:
            asked = list(new.fixed_ips)
            await self._check_floating(call, old, asked)
            _set_addresses(new, await port_addresses.change(call, new, old.fixed_ips, asked))
        if "security_groups" in given:
            await self._check_groups(call, new.security_groups)
            new.security_groups.sort()
        self._check_security(new, given)
        complete_pairs(new)
        if "extra_dhcp_opts" in given:
            options = merged_options(old.extra_dhcp_opts, asked_options)
            del new.extra_dhcp_opts[:]
            new.extra_dhcp_opts.extend(options)
        _set_names(new)
        _show_trust(new)
        if given & {"host_id", "admin_state_up", "profile"}:
            bind(new)
        if given & {"host_id", "profile"} and new.vnic_type == "direct-physical":
            await self._follow_device(call, old, new)

    async def changed(self, call: Call, old: Port, new: Port) -> None:
        if old.host_id != new.host_id:
            await call.publish("after_binding", "port", new)

    @staticmethod
    async def _check_floating(call: Call, old: Port, asked: Iterable[FixedIp]) -> None:
        """The address that a floating IP leads to stays (prevent_internal_ip_change_for_fip)."""
        kept = {fixed.ip_address for fixed in asked}
        for fip in await call.tx.query(Floatingip, port_id=old.id):
            if fip.fixed_ip_address not in kept:
                why = (
                    f"Cannot update the fixed_ips of the port {old.id}, because its original fixed_ip has been "
                    "associated to a floating ip"
                )
                raise BadResourceRequest(resource="port", msg=why)

    async def _change_mac(self, call: Call, old: Port, new: Port) -> None:
        if new.device_owner.startswith("network:"):
            raise UnsupportedPortDeviceOwner(op="mac address update", port_id=new.id, device_owner=new.device_owner)
        if old.host_id:
            raise PortBound(
                port_id=old.id, vif_type=old.vif_type, old_mac=old.mac_address, new_mac=new.mac_address.lower()
            )
        await call.tx.release(f"mac/{old.network_id}", old.mac_address)
        await self._take_mac(call, new)

    async def _follow_device(self, call: Call, old: Port, new: Port) -> None:
        """A port bound to a whole device has the device's MAC, and a fresh one afterwards (port-mac-override)."""
        mac = str(new.profile.fields["device_mac_address"].string_value) if "device_mac_address" in new.profile else ""
        if mac.lower() == old.mac_address or (not mac and not old.profile.fields.get("device_mac_address")):
            return
        await call.tx.release(f"mac/{old.network_id}", old.mac_address)
        new.mac_address = mac
        await self._take_mac(call, new)

    @staticmethod
    def _check_security(new: Port, given: set[str]) -> None:
        if new.port_security_enabled:
            return
        if new.allowed_address_pairs:
            raise AddressPairAndPortSecurityRequired()
        if new.security_groups and "security_groups" in given:
            raise PortSecurityAndIpRequiredForSecurityGroups()
        if new.security_groups:
            raise PortSecurityPortHasSecurityGroup()

    # -- delete

    async def delete(self, call: Call, request: Any) -> Result:
        port: Port = call.target
        if not await self._is_of_router(call, port):
            return await super().delete(call, request)
        held = ServicePortInUse(port_id=port.id, why=f"has device owner {port.device_owner}")
        try:
            await call.publish("before_delete", self.options.kind, port)
        except Fault as other:
            failed = ",".join(map(_failed, (L3_CALLBACK, TRUNK_CALLBACK), (held, other)))
            raise ServicePortInUse(port_id=port.id, why=failed) from None
        raise held

    @staticmethod
    async def _is_of_router(call: Call, port: Port) -> bool:
        """Whether the port is one of a router or a floating IP that is there."""
        if port.device_owner not in L3_OWNERS:
            return False
        owner = call.owner_of("floatingip" if port.device_owner == "network:floatingip" else "router")
        return owner is not None and await owner.find(call, port.device_id) is not None

    # -- what subnets do to ports

    async def subnet_added(self, call: Call, subnet: Subnet) -> None:
        """Ports of the network give themselves an address on a new automatic subnet."""
        if not is_automatic(subnet):
            return
        for port in await call.tx.query(Port, network_id=subnet.network_id):
            if port.device_owner not in ROUTER_PORT_OWNERS and port.fixed_ips:
                changed = await call.tx.edit(Port, port.id)
                changed.fixed_ips.append(await port_addresses.give_automatic(call, changed, subnet))
                _set_names(changed)
                await call.tx.put(changed)

    async def subnet_removed(self, call: Call, port: Port, subnet: Subnet) -> None:
        """A port loses its addresses on a subnet that goes."""
        changed = await call.tx.edit(Port, port.id)
        kept = [fixed for fixed in changed.fixed_ips if fixed.subnet_id != subnet.id]
        for fixed in port.fixed_ips:
            if fixed.subnet_id == subnet.id:
                await port_addresses.release(call, fixed)
        del changed.fixed_ips[:]
        changed.fixed_ips.extend(kept)
        _set_names(changed)
        await call.tx.put(changed)


def _copy_network(network: Network, port: Port) -> None:
    port.network_project_id, port.shared = network.project_id, network.shared
    del port.shared_with[:]
    port.shared_with.extend(network.shared_with)


def _show_trust(port: Port) -> None:
    """The profile tells the mechanism driver whether the port is trusted (neutron.plugins.ml2.plugin)."""
    if port.HasField("trusted"):
        port.profile.update({"trusted": port.trusted})


def _set_addresses(port: Port, fixed_ips: Iterable[FixedIp]) -> None:
    del port.fixed_ips[:]
    port.fixed_ips.extend(sorted(fixed_ips, key=lambda fixed: fixed.ip_address))


def _set_names(port: Port) -> None:
    del port.dns_assignment[:]
    port.dns_assignment.extend(dns.assignments(port.dns_name, port.fixed_ips))


def _fixed_matches(fixed: FixedIp, wanted: dict[str, set[str]]) -> bool:
    for name, words in wanted.items():
        if name == "ip_address_substr":
            if not any(word in fixed.ip_address for word in words):
                return False
        elif (
            name in ("ip_address", "subnet_id", "subnet")
            and getattr(fixed, "subnet_id" if name == "subnet" else name) not in words
        ):
            return False
    return True


@subscribes("after_create", "subnet")
async def _subnet_added(call: Call, subnet: Subnet) -> None:
    await call.service(Ports).subnet_added(call, subnet)


def _failed(callback: str, fault: Fault) -> str:
    """Source: NotificationError of neutron_lib.callbacks.exceptions; the number is the callback's hash."""
    return f'Callback {callback}-{zlib.crc32(callback.encode())} failed with "{fault.text}"'
