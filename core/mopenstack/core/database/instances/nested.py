"""What an instance is made of: servers, volumes, ports and security groups that the service's own user makes.

They belong to the project of the service, whose quotas hold, as with trove.conf's remote_*_client of default. Source:
trove/common/clients_admin.py, trove/taskmanager/models.py, trove/common/neutron.py.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mopenstack.compute.v2.servers import server_actions_pb2 as actions
from mopenstack.compute.v2.servers import server_groups_pb2 as groups
from mopenstack.compute.v2.servers import servers_pb2 as servers
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.values import to_value
from mopenstack.core.database.service_user import Failed, service_call
from mopenstack.core.engine.call import Call
from mopenstack.database.v1.instances.instances_pb2 import Instance
from mopenstack.network.v2.core import networks_pb2 as networks
from mopenstack.network.v2.core import ports_pb2 as ports
from mopenstack.network.v2.l3 import floatingips_pb2 as floatingips
from mopenstack.network.v2.security import security_group_rules_pb2 as rules
from mopenstack.network.v2.security import security_groups_pb2 as security
from mopenstack.volume.v3.volumes import volume_changes_pb2 as changes
from mopenstack.volume.v3.volumes import volumes_pb2 as volumes

NOVA, NEUTRON, CINDER = "mopenstack.compute.v2", "mopenstack.network.v2", "mopenstack.volume.v3"
NOVA_VERSION = 12
"""trove.conf's nova_client_version, behind the dot."""
EVERYWHERE = "0.0.0.0/0"


async def settle(call: Call, kind: str, id: str) -> Any:
    """Wait for what is under way with an object of another service; it, or None where it is gone."""
    owner = call.owner_of(kind)
    for _ in range(8):
        found = await call.tx.get(owner.message, id) if id else None
        under_way = await call.tx.scheduled(found) if found is not None else None
        if under_way is None:
            return found
        await owner.lifecycle.complete(call, id, under_way[0])
    return await call.tx.get(owner.message, id)


# -- what is made


async def make_security_group(call: Call, instance: Instance, tcp_ports: tuple[str, ...]) -> None:
    """The security group of an instance, with a rule for each port and network that may reach it."""
    own = await service_call(call)
    try:
        group = {"name": f"trove_sg-{instance.id}", "description": f"Security group for trove instance {instance.id}"}
        made = await own.invoke(
            f"{NEUTRON}.SecurityGroups.CreateSecurityGroup", security.CreateSecurityGroupRequest(security_group=group)
        )
        instance.security_group_id = made.id
        await _allow(own, made.id, tcp_ports, list(instance.access.allowed_cidrs))
    except Fault:
        text = f"Failed to create security group for instance {instance.id}"
        raise Failed(Instance.BUILDING_ERROR_SEC_GROUP, text) from None


async def _allow(own: Call, group_id: str, tcp_ports: tuple[str, ...], cidrs: list[str]) -> None:
    for ports_ in tcp_ports:
        first, _, last = ports_.partition("-")
        for cidr in cidrs or [EVERYWHERE]:
            rule = rules.CreateSecurityGroupRuleRequest(
                security_group_rule=rules.SecurityGroupRule(
                    security_group_id=group_id,
                    ethertype="IPv4",
                    direction="ingress",
                    protocol="tcp",
                    port_range_min=int(first),
                    port_range_max=int(last or first),
                    remote_ip_prefix=cidr,
                )
            )
            await own.invoke(f"{NEUTRON}.SecurityGroupRules.CreateSecurityGroupRule", rule)


async def change_access(call: Call, instance: Instance, tcp_ports: tuple[str, ...]) -> None:
    """Let other networks reach an instance, and give or take its floating IP."""
    own = await service_call(call)
    if instance.security_group_id:
        for rule in await call.tx.query(rules.SecurityGroupRule, security_group_id=instance.security_group_id):
            if rule.direction == "ingress":
                request = rules.DeleteSecurityGroupRuleRequest(security_group_rule_id=rule.id)
                await own.invoke(f"{NEUTRON}.SecurityGroupRules.DeleteSecurityGroupRule", request)
        await _allow(own, instance.security_group_id, tcp_ports, list(instance.access.allowed_cidrs))
    public = await floating_ips(call, instance)
    if instance.access.is_public and not public:
        await _make_public(call, own, instance)
    elif not instance.access.is_public:
        await _delete_floating_ips(call, own, instance)


async def make_port(call: Call, instance: Instance) -> None:
    """The port of an instance on the user's network, with a floating IP if it is public."""
    own = await service_call(call)
    nic = instance.nic
    port = ports.Port(
        name=f"trove-{instance.id}",
        description=f"User port for trove instance {instance.id}",
        network_id=nic.network_id or nic.net_id,
    )
    if instance.security_group_id:
        port.security_groups.append(instance.security_group_id)
    if nic.subnet_id:
        port.fixed_ips.add(subnet_id=nic.subnet_id, ip_address=nic.ip_address)
    try:
        made = await own.invoke(f"{NEUTRON}.Ports.CreatePort", ports.CreatePortRequest(port=port))
        instance.port_id = made.id
        if instance.access.is_public:
            await _make_public(call, own, instance)
    except Fault as fault:
        text = f"Failed to create User port for instance {instance.id}: {fault.text}"
        raise Failed(Instance.BUILDING_ERROR_PORT, text) from None


async def _make_public(call: Call, own: Call, instance: Instance) -> None:
    """A floating IP of the first external network, in the project of the instance; without one it stays private."""
    external = [one for one in await call.tx.scan(networks.Network) if one.external]
    if not external or not instance.port_id:
        return
    floating = floatingips.Floatingip(
        floating_network_id=sorted(one.id for one in external)[0],
        port_id=instance.port_id,
        project_id=instance.project_id,
    )
    with suppress(Fault):  # Trove notes the failure in its log, and goes on
        await own.invoke(
            f"{NEUTRON}.Floatingips.CreateFloatingip", floatingips.CreateFloatingipRequest(floatingip=floating)
        )


async def make_volume(call: Call, instance: Instance) -> None:
    """The volume of an instance, once it is there."""
    own = await service_call(call)
    volume = volumes.VolumeCreate(
        size=instance.volume_size,
        name=f"trove-{instance.id}",
        description=f"datastore volume for {instance.id}",
        volume_type=instance.volume_type if instance.HasField("volume_type") else None,
    )
    failed = f"Failed to create volume for instance {instance.id}"
    try:
        made = await own.invoke(f"{CINDER}.Volumes.CreateVolume", volumes.CreateVolumeRequest(volume=volume))
    except Fault as fault:
        raise Failed(Instance.BUILDING_ERROR_VOLUME, f"{failed}\n{fault.text}") from None
    instance.volume_id = made.id
    found = await settle(call, "volume", made.id)
    if found is None or found.status == volumes.Volume.ERROR:
        raise Failed(Instance.BUILDING_ERROR_VOLUME, f"{failed}\nFailed to create volume.")


async def make_server(call: Call, instance: Instance) -> None:
    """The server of an instance with its port and volume; it boots on its own."""
    own = await service_call(call)
    server = servers.ServerCreate(
        name=instance.name,
        image_id=instance.image_id,
        flavor_id=instance.flavor_id,
        metadata={
            "trove_project_id": instance.project_id,
            "trove_user_id": instance.user_id,
            "trove_instance_id": instance.id,
        },
        availability_zone=instance.availability_zone,
    )
    if instance.volume_id:  # novaclient adds the image to the mappings
        server.block_device_mapping_v2.add(
            uuid=instance.image_id,
            source_type="image",
            destination_type="local",
            boot_index=0,
            delete_on_termination=True,
        )
        server.block_device_mapping_v2.add(
            uuid=instance.volume_id,
            source_type="volume",
            destination_type="volume",
            device_name="vdb",
            delete_on_termination=True,
            volume_size=to_value(instance.volume_size),
        )
    if instance.port_id:
        server.networks_or_default.CopyFrom(to_value([{"port": instance.port_id}]))
    request = servers.CreateServerRequest(server=server)
    if instance.server_group_id:
        request.os_scheduler_hints.update({"group": instance.server_group_id})
    try:
        made = await own.invoke(f"{NOVA}.Servers.CreateServer", request, microversion=NOVA_VERSION)
    except Fault as fault:
        text = f"Failed to create server for instance {instance.id}\n{fault.text}"
        raise Failed(Instance.BUILDING_ERROR_SERVER, text) from None
    instance.server_id = made.server.id if hasattr(made, "server") else made.id


async def make_server_group(call: Call, name: str, locality: str) -> str:
    """A server group for the instances of a replication set or a cluster; its ID. Raises Nova's refusals."""
    own = await service_call(call)
    group = {"name": f"locality_{name}", "policies": [locality]}
    request = groups.CreateServerGroupRequest(server_group=group)
    made = await own.invoke(f"{NOVA}.ServerGroups.CreateServerGroup", request, microversion=15)
    return str(made.id)


# -- what is changed


async def server_action(call: Call, instance: Instance, rpc: str, request: Any) -> Any:
    """Do something to the server of an instance, to its end; the server. Raises Nova's refusals."""
    own = await service_call(call)
    await settle(call, "server", instance.server_id)
    await own.invoke(f"{NOVA}.{rpc}", request, microversion=NOVA_VERSION)
    return await settle(call, "server", instance.server_id)


async def resize_server(call: Call, instance: Instance, flavor_id: str) -> None:
    """Resize the server of an instance, and confirm it. Raises Nova's refusals."""
    resize = actions.ResizeServerRequest(server_id=instance.server_id, resize={"flavor_id": flavor_id})
    await server_action(call, instance, "ServerActions.ResizeServer", resize)
    await _confirm(call, instance)


async def migrate_server(call: Call, instance: Instance, host: str) -> None:
    """Move the server of an instance to another host, and confirm it. Raises Nova's refusals."""
    own = await service_call(call)
    request = actions.MigrateServerRequest(server_id=instance.server_id)
    if host:
        request.migrate.host = host
    await settle(call, "server", instance.server_id)
    await own.invoke(f"{NOVA}.ServerActions.MigrateServer", request)
    await settle(call, "server", instance.server_id)
    await _confirm(call, instance)


async def _confirm(call: Call, instance: Instance) -> None:
    confirm = actions.ConfirmResizeServerRequest(server_id=instance.server_id)
    await server_action(call, instance, "ServerActions.ConfirmResizeServer", confirm)


async def reboot_server(call: Call, instance: Instance) -> None:
    """Reboot the server of an instance. Raises Nova's refusals."""
    request = actions.RebootServerRequest(server_id=instance.server_id)
    request.reboot.type = "SOFT"
    await server_action(call, instance, "ServerActions.RebootServer", request)


async def rebuild_server(call: Call, instance: Instance, image_id: str) -> None:
    """Rebuild the server of an instance with an image. Raises Nova's refusals."""
    request = actions.RebuildServerRequest(server_id=instance.server_id, rebuild={"image_id": image_id})
    await server_action(call, instance, "ServerActions.RebuildServer", request)


async def extend_volume(call: Call, instance: Instance, size: int) -> None:
    """Enlarge the volume of an instance. Raises Cinder's refusals."""
    own = await service_call(call)
    request = changes.ExtendVolumeRequest(volume_id=instance.volume_id, extend={"new_size": size})
    await own.invoke(f"{CINDER}.VolumeChanges.ExtendVolume", request)
    await settle(call, "volume", instance.volume_id)


# -- what is deleted


async def delete_all(call: Call, instance: Instance) -> None:
    """Delete the server of an instance, its ports, security group and volume; what is gone already is gone."""
    try:
        own = await service_call(call)
    except Failed:
        return
    if instance.server_id:
        await settle(call, "server", instance.server_id)
        with suppress(Fault):
            request = servers.DeleteServerRequest(server_id=instance.server_id)
            await own.invoke(f"{NOVA}.Servers.DeleteServer", request)
        await settle(call, "server", instance.server_id)
    if instance.port_id:
        await _delete_floating_ips(call, own, instance)
        with suppress(Fault):
            await own.invoke(f"{NEUTRON}.Ports.DeletePort", ports.DeletePortRequest(port_id=instance.port_id))
    if instance.security_group_id:
        with suppress(Fault):
            group = security.DeleteSecurityGroupRequest(security_group_id=instance.security_group_id)
            await own.invoke(f"{NEUTRON}.SecurityGroups.DeleteSecurityGroup", group)
    if instance.volume_id and await settle(call, "volume", instance.volume_id) is not None:
        with suppress(Fault):
            await own.invoke(
                f"{CINDER}.Volumes.DeleteVolume", volumes.DeleteVolumeRequest(volume_id=instance.volume_id)
            )
        await settle(call, "volume", instance.volume_id)


async def delete_server_group(call: Call, id: str) -> None:
    """Delete a server group, which may be gone already."""
    with suppress(Fault, Failed):
        own = await service_call(call)
        request = groups.DeleteServerGroupRequest(server_group_id=id)
        await own.invoke(f"{NOVA}.ServerGroups.DeleteServerGroup", request)


async def _delete_floating_ips(call: Call, own: Call, instance: Instance) -> None:
    for one in await floating_ips(call, instance):
        with suppress(NotFound):
            request = floatingips.DeleteFloatingipRequest(floatingip_id=one.id)
            await own.invoke(f"{NEUTRON}.Floatingips.DeleteFloatingip", request)


async def floating_ips(call: Call, instance: Instance) -> list[floatingips.Floatingip]:
    """The floating IPs of an instance's port."""
    if not instance.port_id:
        return []
    found: list[floatingips.Floatingip] = await call.tx.query(floatingips.Floatingip, port_id=instance.port_id)
    return found


async def ports_of(call: Call, instance: Instance) -> list[ports.Port]:
    """The ports of the server of an instance."""
    if not instance.server_id:
        return []
    found: list[ports.Port] = await call.tx.query(ports.Port, device_id=instance.server_id)
    return sorted(found, key=lambda port: port.id)
