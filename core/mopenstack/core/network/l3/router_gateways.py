"""The gateways of a router: its ports on external networks (neutron.db.l3_db, l3_gwmode_db, l3_extra_gws_db).

A gateway is a port without a project. The first one is `external_gateway_info` and `gw_port_id`; others are the
router's other ports with the gateway's owner. What a router shows of their addresses is read from the ports.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import check_qos_policy, invalid
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.addresses import parse_ip
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.l3 import ndp_rules, router_interfaces, router_routes
from mopenstack.core.network.l3.router_interfaces import GATEWAY_OWNER, bad_router
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import PolicyNotAuthorized, RequestFailed, RouterExternalGatewayInUseByFloatingIp

Gateway = Router.ExternalGatewayInfo
GATEWAY, GATEWAYS = "external_gateway_info", "external_gateways"
ADMIN_FIELDS = ("external_fixed_ips", "enable_snat")
"""Keys of a gateway that only an administrator may give, in the order of the policy's text."""


def shown(router: Router, ports: Iterable[Port]) -> None:
    """Write into a router's view the gateways that its ports are."""
    mine = [port for port in ports if port.device_owner == GATEWAY_OWNER]
    for port in sorted(mine, key=lambda port: port.id != router.gw_port_id):
        one = router.external_gateways.add(network_id=port.network_id)
        for fixed in port.fixed_ips:
            one.external_fixed_ips.add(subnet_id=fixed.subnet_id, ip_address=fixed.ip_address)
        if port.id == router.gw_port_id:
            router.external_gateway_info.external_fixed_ips.extend(one.external_fixed_ips)


def checked(call: Call, info: Gateway, attribute: str = GATEWAY, admin_fields: Sequence[str] = ADMIN_FIELDS) -> Gateway:
    """A gateway that a request asks for, if its keys are complete and the caller may give them."""
    keys = {field.name for field, _ in info.ListFields()}
    if "network_id" not in keys:
        provided = "{" + ", ".join(f"'{key}'" for key in sorted(keys)) + "}"
        raise invalid(
            attribute,
            f"Validation of dictionary's keys failed. Expected keys: {{'network_id'}} Provided keys: {provided}",
        )
    refused = [key for key in admin_fields if key in keys]
    if refused and not call.caller.is_admin and call.operation is not None:
        # Neutron names the rules of the nested keys within those of the attribute.
        policy = call.operation.options.policy.name
        nested = " and ".join(f"rule:{policy}:{attribute}:{key}" for key in ("network_id", *refused))
        raise PolicyNotAuthorized(action=f"(rule:{policy} and (rule:{policy}:{attribute} and ({nested})))")
    return copy_of(info)


async def ports_of(call: Call, router: Router) -> list[Port]:
    """The router's gateway ports, the first one first."""
    found = [port for port in await device_ports.of_device(call, router.id) if port.device_owner == GATEWAY_OWNER]
    return sorted(found, key=lambda port: port.id != router.gw_port_id)


# -- the first gateway


async def set_first(call: Call, router: Router, wanted: Gateway | None, nulls: Container[str] = ()) -> None:
    """Make `external_gateway_info` what is wanted, on a private copy of the router; `nulls` are its null keys."""
    port = await call.tx.get(Port, router.gw_port_id) if router.gw_port_id else None
    subnets = await _check(call, router, wanted)
    asked = _asked(wanted) if wanted is not None else []
    same = port is not None and wanted is not None and port.network_id == wanted.network_id
    if same and port is not None:
        if asked and _differs(port, asked):
            await ndp_rules.check_gateway_change(call, router, asked)
            await device_ports.set_addresses(call, port, asked)
    else:
        if port is not None:
            await drop_first(call, router)
        if wanted is not None:
            await router_interfaces.check_overlap(call, router, subnets)
            router.gw_port_id = (await _make(call, router, wanted, asked)).id
    if wanted is None:
        await _promote(call, router)
        return
    info = Gateway(network_id=wanted.network_id)
    info.enable_snat = wanted.enable_snat if wanted.HasField("enable_snat") else True
    router.external_gateway_info.CopyFrom(info)
    router.enable_snat = info.enable_snat
    if wanted.HasField("qos_policy_id"):
        router.qos_policy_id = wanted.qos_policy_id
        await check_qos_policy(call, router)
    elif "qos_policy_id" in nulls:
        router.qos_policy_id = ""


async def drop_first(call: Call, router: Router) -> None:
    """Take the first gateway away, unless something needs it."""
    network_id = router.external_gateway_info.network_id
    await ndp_rules.check_gateway_free(call, router)
    await _check_floatingips(call, router, network_id)
    port_id = router.gw_port_id
    router.ClearField("gw_port_id")
    router.qos_policy_id = ""
    router.enable_snat = True
    router.ClearField(GATEWAY)
    await device_ports.drop(call, port_id)


async def drop_all(call: Call, router: Router) -> None:
    """Take all gateways away."""
    for port in await ports_of(call, router):
        if port.id != router.gw_port_id:
            await _drop_extra(call, router, port)
    if router.gw_port_id:
        await drop_first(call, router)


async def _promote(call: Call, router: Router) -> None:
    """Where the first gateway went and others are left, one of them is the first."""
    left = await ports_of(call, router)
    if left and not router.gw_port_id:
        router.gw_port_id = left[0].id
        router.external_gateway_info.CopyFrom(Gateway(network_id=left[0].network_id, enable_snat=True))


# -- several gateways


async def add(call: Call, router: Router, wanted: Sequence[Gateway]) -> None:
    """Gateways beside those that there are; on a router without one the first is `external_gateway_info`."""
    rest = list(wanted)
    if rest and not await ports_of(call, router):
        await set_first(call, router, rest.pop(0))
    for info in rest:
        await _add_extra(call, router, info)


async def update(call: Call, router: Router, wanted: Sequence[Gateway]) -> None:
    """Exactly these gateways, the first of them as `external_gateway_info`."""
    if not wanted:
        await drop_all(call, router)
        return
    for info in wanted:
        await _check(call, router, info)
    ports = await ports_of(call, router)
    first = _match(ports, wanted[0], must=False)
    if first is not None:
        router.gw_port_id = first.id
        router.external_gateway_info.network_id = first.network_id
    await set_first(call, router, wanted[0])
    ports = [port for port in await ports_of(call, router) if port.id != router.gw_port_id]
    missing, kept = [], set()
    for info in wanted[1:]:
        port = _match(ports, info, must=False)
        if port is None:
            missing.append(info)
            continue
        kept.add(port.id)
        asked = _asked(info)
        if asked and _differs(port, asked):
            await device_ports.set_addresses(call, port, asked)
    for port in ports:
        if port.id not in kept:
            await _drop_extra(call, router, port)
    for info in missing:
        await _add_extra(call, router, info)


async def remove(call: Call, router: Router, wanted: Sequence[Gateway]) -> None:
    """Take away the gateways that these describe."""
    ports = await ports_of(call, router)
    if wanted and not ports:
        raise RequestFailed()  # UnableToRemoveGateways has no status of its own
    gone = {}
    for info in wanted:
        await _check(call, router, info)
        port = _match(ports, info, must=True)
        assert port is not None  # else it was refused
        gone[port.id] = port
    for port in gone.values():
        if port.id != router.gw_port_id:
            await _drop_extra(call, router, port)
    if router.gw_port_id in gone:
        await drop_first(call, router)
    await _promote(call, router)


def _match(ports: Sequence[Port], info: Gateway, *, must: bool) -> Port | None:
    """The gateway that a request means: the only one on the network, or one that has some of the addresses.

    Neutron's UnableToMatchGateways has no status of its own: it answers that it failed.
    """
    there = [port for port in ports if port.network_id == info.network_id]
    addresses = {fixed.ip_address for fixed in info.external_fixed_ips if fixed.ip_address}
    if not info.external_fixed_ips:
        if len(there) > 1 or (must and not there):
            raise RequestFailed()
        return there[0] if there else None
    for port in there:
        if addresses & {fixed.ip_address for fixed in port.fixed_ips}:
            return port
    if must:
        raise RequestFailed()
    return None


async def _add_extra(call: Call, router: Router, info: Gateway) -> None:
    subnets = await _check(call, router, info)
    await router_interfaces.check_overlap(call, router, subnets, gateway=True)
    await _make(call, router, info, _asked(info))


async def _drop_extra(call: Call, router: Router, port: Port) -> None:
    same = [other for other in await ports_of(call, router) if other.network_id == port.network_id]
    if len(same) < 2:
        await _check_floatingips(call, router, port.network_id)
    await device_ports.drop(call, port.id)


# -- common


async def _check_floatingips(call: Call, router: Router, network_id: str) -> None:
    used = await call.tx.query(Floatingip, router_id=router.id)
    if any(fip.floating_network_id == network_id for fip in used):
        raise RouterExternalGatewayInUseByFloatingIp(router_id=router.id, net_id=network_id)


async def _check(call: Call, router: Router, wanted: Gateway | None) -> Sequence[Subnet]:
    """Refuse what is no way out (_validate_gw_info); the external network's subnets."""
    subnets: Sequence[Subnet] = ()
    if wanted is not None:
        network = await call.service(Networks).fetch(call, wanted.network_id)
        if not network.external:
            raise bad_router(f"Network {network.id} is not an external network")
        subnets = await call.tx.query(Subnet, network_id=network.id)
        gateways = {subnet.gateway_ip for subnet in subnets if subnet.gateway_ip}
        for item in wanted.external_fixed_ips:
            if item.ip_address and str(parse_ip(item.ip_address)) in gateways:
                raise bad_router(f"External IP {item.ip_address} is the same as the gateway IP")
    if router.routes:
        await router_routes.check_reachable(call, router.id, router_routes.pairs(router.routes), subnets)
    return subnets


async def _make(call: Call, router: Router, wanted: Gateway, asked: Sequence[FixedIp]) -> Port:
    port = Port(
        network_id=wanted.network_id, device_id=router.id, device_owner=GATEWAY_OWNER, host_id=device_ports.HOST
    )
    return await device_ports.make(call, port, asked or None)


def _asked(wanted: Gateway) -> list[FixedIp]:
    return [FixedIp(subnet_id=item.subnet_id, ip_address=item.ip_address) for item in wanted.external_fixed_ips]


def _differs(port: Port, asked: Sequence[FixedIp]) -> bool:
    """Whether other subnets or addresses are asked for than the gateway has."""
    if {fixed.subnet_id for fixed in port.fixed_ips} != {fixed.subnet_id for fixed in asked if fixed.subnet_id}:
        return True
    return {fixed.ip_address for fixed in port.fixed_ips} != {fixed.ip_address for fixed in asked if fixed.ip_address}
