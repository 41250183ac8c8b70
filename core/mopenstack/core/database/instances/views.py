"""Instances as they are shown (trove/instance/views.py)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.instances import nested
from mopenstack.core.database.instances.status import condition_of, replicas_of
from mopenstack.core.engine.call import Call
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.instances import instances_pb2 as pb

USED = 0.16
"""Gigabytes that a database without data takes of its volume."""


async def view(call: Call, instance: pb.Instance, *, detail: bool = True, new: bool = False) -> pb.InstanceView:
    """An instance as the caller sees it; `new` in the answer to its create."""
    viewer = call.caller.project_id
    now = await condition_of(call, instance)
    shown = pb.InstanceView(
        id=instance.id,
        name=instance.name,
        status=now.status,
        operating_status=now.operating_status,
        flavor={"id": instance.flavor_id, "viewer": viewer},
        region=instance.region or call.cloud.region_name,
        volume={"size": instance.volume_size},
        viewer=viewer,
    )
    chosen = await of_version(call, instance.datastore_version_id)
    shown.datastore.SetInParent()
    if chosen is not None:
        shown.datastore.type, shown.datastore.version = chosen.datastore.name, chosen.version.name
        if detail:
            shown.datastore.version_number = chosen.version.version
    if call.caller.is_admin:
        shown.tenant_id = instance.project_id
    if not new:
        await _addresses(call, instance, shown)
    _access(instance, shown)
    if instance.replica_of:
        shown.replica_of.id, shown.replica_of.viewer = instance.replica_of, viewer
    for one in await replicas_of(call, instance.id):
        shown.replicas.add(id=one.id, viewer=viewer)
    if detail:
        await _details(call, instance, shown)
    return shown


async def _details(call: Call, instance: pb.Instance, shown: pb.InstanceView) -> None:
    shown.created.CopyFrom(instance.created_at)
    shown.updated.CopyFrom(instance.updated_at)
    shown.service_status_updated.CopyFrom(instance.service_updated_at)
    if instance.HasField("fault"):
        shown.fault.CopyFrom(instance.fault)
        if not call.caller.is_admin:
            shown.fault.ClearField("details")
    if instance.configuration_id:
        group = await call.tx.get(Configuration, instance.configuration_id)
        if group is not None:
            shown.configuration.id, shown.configuration.name = group.id, group.name
            shown.configuration.viewer = call.caller.project_id
    shown.locality = instance.locality
    shown.cluster_id = instance.cluster_id
    if shown.status == "ACTIVE":
        shown.volume.used = USED
    if call.caller.is_admin:
        inside = shown.inside
        inside.encrypted_rpc_messaging = True
        if instance.server_id:
            inside.server_id = instance.server_id
        if instance.volume_id:
            inside.volume_id = instance.volume_id


async def _addresses(call: Call, instance: pb.Instance, shown: pb.InstanceView) -> None:
    """The IPv4 addresses of the ports, and the floating IPs behind them."""
    if instance.task == pb.Instance.BUILDING and not instance.server_id:
        return
    for port in await nested.ports_of(call, instance):
        for fixed in port.fixed_ips:
            if ip_address(fixed.ip_address).version == 4:
                shown.addresses.add(address=fixed.ip_address, type="private", network=port.network_id)
    for floating in await nested.floating_ips(call, instance):
        shown.addresses.add(address=floating.floating_ip_address, type="public")
    shown.ip.extend(one.address for one in shown.addresses)


def _access(instance: pb.Instance, shown: pb.InstanceView) -> None:
    shown.access.SetInParent()
    if instance.HasField("access"):
        shown.access.CopyFrom(instance.access)
    elif shown.addresses:
        shown.access.is_public = any(one.type == "public" for one in shown.addresses)


async def server_of(call: Call, instance: pb.Instance) -> Server | None:
    """The server of an instance; None where it is gone."""
    return await call.tx.get(Server, instance.server_id) if instance.server_id else None


def newest_first(found: list[Any]) -> list[Any]:
    return sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos), reverse=True)
