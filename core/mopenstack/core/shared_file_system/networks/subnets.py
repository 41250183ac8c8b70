"""Subnets of share networks. Source: manila/api/v2/share_network_subnets.py, manila/api/common.py."""

from __future__ import annotations

from typing import Any, cast

from google.protobuf.message import Message

from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer
from mopenstack.core.shared_file_system.base import (
    ZONE,
    ManilaResource,
    assign,
    check_given_metadata,
    check_metadata,
    no_such_item,
    not_allowed,
)
from mopenstack.core.shared_file_system.networks import servers
from mopenstack.core.shared_file_system.networks.states import check_active
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks import share_network_subnets_pb2 as pb2
from mopenstack.shared_file_system.v2.networks import share_networks_pb2 as networks_pb2
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer

GIVEN = (
    "neutron_net_id",
    "neutron_subnet_id",
    "availability_zone",
    "network_type",
    "segmentation_id",
    "cidr",
    "ip_version",
)
"""What a body may say of a subnet: Manila takes all that its database has."""
SEVERAL_SINCE = 70
SECRET = ("network_type", "segmentation_id")


async def of(call: Call, network_id: str) -> list[ShareNetworkSubnet]:
    """The subnets of a share network, in the order of their coming."""
    found = await call.tx.query(ShareNetworkSubnet, share_network_id=network_id)
    return sorted(found, key=lambda one: (one.created_at.seconds, one.created_at.nanos, one.id))


def shown(call: Call, subnet: ShareNetworkSubnet) -> ShareNetworkSubnet:
    """A subnet as a caller sees it."""
    if call.caller.is_admin or not any(subnet.HasField(field) for field in SECRET):
        return subnet
    kept = copy_of(subnet)
    for field in SECRET:
        kept.ClearField(field)
    return kept


def check_both(paths: set[str]) -> None:
    """Refuse a network without a subnet, and the reverse."""
    if ("neutron_net_id" in paths) != ("neutron_subnet_id" in paths):
        raise refusals.Refused(
            "When creating a new share network subnet you need to specify both neutron_net_id and neutron_subnet_id "
            "or none of them."
        )


async def check_new(call: Call, network: ShareNetwork, body: Any, paths: set[str], *, several: bool) -> None:
    """Refuse a new subnet that is incomplete, of no zone, or one too many."""
    check_both(paths)
    if body.availability_zone and body.availability_zone != ZONE:
        raise refusals.ZoneDoesNotExist(id=body.availability_zone)
    same = [one for one in await of(call, network.id) if one.availability_zone == body.availability_zone]
    if same and not several:
        raise refusals.Conflicting(
            "Another share network subnet was found in the specified availability zone. Only one share network "
            f"subnet is allowed per availability zone for share network {network.id}."
        )


async def checked(call: Call, network: ShareNetwork, body: Any, *, reset: bool) -> networks_pb2.SubnetCheck:
    """Whether a subnet is possible: the back ends are asked at first, and have answered when they are asked again."""
    servers = await _same_servers(call, network, body)
    answer = networks_pb2.SubnetCheck()
    answer.hosts_check_result.SetInParent()
    hosts = sorted({one.host for one in servers})
    if not hosts:
        answer.compatible = True
        return answer
    check_active(network)
    key = f"subnet_{body.availability_zone}"
    asked = key in network.checks and not reset
    if asked:
        answer.compatible = True
    else:
        edited = await call.tx.edit(ShareNetwork, network.id)
        edited.checks[key] = ",".join(hosts)
        await call.tx.put(edited)
    answer.hosts_check_result.CopyFrom(to_struct(dict.fromkeys(hosts, True if asked else None)))
    return answer


async def _same_servers(call: Call, network: ShareNetwork, body: Any) -> list[ShareServer]:
    """The share servers on subnets of the same zone."""
    ids = {one.id for one in await of(call, network.id) if one.availability_zone == body.availability_zone}
    return [one for one in await servers.of_network(call, network.id) if ids & set(one.share_network_subnet_ids)]


async def add(call: Call, network: ShareNetwork, body: Any) -> ShareNetworkSubnet:
    """A new subnet."""
    subnet = ShareNetworkSubnet(id=call.ids.uuid(), share_network_id=network.id, project_id=network.project_id)
    for field in GIVEN:
        if field in body.DESCRIPTOR.fields_by_name:
            assign(subnet, field, getattr(body, field) or None)
    assign(subnet, "share_network_name", network.name if network.HasField("name") else None)
    if "metadata" in body.DESCRIPTOR.fields_by_name:
        subnet.metadata.update(body.metadata)
    subnet.created_at.CopyFrom(network.created_at)
    if "created_at" not in body.DESCRIPTOR.fields_by_name:
        call.stamp(subnet.created_at)
    await call.tx.put(subnet, fresh=True)
    return subnet


async def change_default(call: Call, network: ShareNetwork, body: Any) -> None:
    """Give the default subnet another network. Refused where there is none, or more than one."""
    found = [one for one in await of(call, network.id) if not one.availability_zone]
    if len(found) != 1:
        have = "does not have a 'default'" if not found else "does not have an unique 'default'"
        raise refusals.Refused(
            f"The share network {network.id} {have} subnet that serves all availability zones, so subnet details "
            "('neutron_net_id', 'neutron_subnet_id') cannot be updated."
        )
    subnet = await call.tx.edit(ShareNetworkSubnet, found[0].id)
    half = not (body.neutron_net_id and body.neutron_subnet_id)
    if not subnet.neutron_net_id and not subnet.neutron_subnet_id and half:
        raise refusals.Refused(
            f"To update the share network {network.id} you need to specify both 'neutron_net_id' and "
            "'neutron_subnet_id'."
        )
    for field in ("neutron_net_id", "neutron_subnet_id"):
        if getattr(body, field):
            setattr(subnet, field, getattr(body, field))
    call.stamp(subnet.updated_at)
    await call.tx.put(subnet)


class ShareNetworkSubnets(ManilaResource[ShareNetworkSubnet]):
    service = pb2.DESCRIPTOR.services_by_name["ShareNetworkSubnets"]
    message = ShareNetworkSubnet
    not_found = refusals.SubnetNotFound

    async def list_share_network_subnets(self, call: Call, request: Any) -> Result:
        found = await of(call, call.target.id)
        return pb2.ListShareNetworkSubnetsResponse(
            share_network_subnets=[cast("Any", self._named(call, one)) for one in found]
        )

    async def create_share_network_subnet(self, call: Call, request: pb2.CreateShareNetworkSubnetRequest) -> Result:
        body, network = request.subnet, call.target
        check_metadata(body.metadata)
        await check_new(call, network, body, set(request.mask.paths), several=call.at_least(SEVERAL_SINCE))
        there = await _same_servers(call, network, body)
        if there:
            check_active(network)
            key = f"subnet_{body.availability_zone}"
            if key not in network.checks:
                raise refusals.InvalidShareNetwork(
                    why=f"The share network {network.id} cannot start the update process since no check operation was "
                    'found. Before starting the update operation, a "check" operation must be triggered to validate '
                    "if all "
                    "backend hosts support the provided configuration paramaters."
                )
        subnet = await add(call, network, body)
        for server in there:
            edited = await call.tx.edit(ShareServer, server.id)
            edited.share_network_subnet_ids.append(subnet.id)
            await call.tx.put(edited)
        return self._named(call, subnet)

    async def get_share_network_subnet(self, call: Call, request: pb2.ShareNetworkSubnetRequest) -> Result:
        return self._named(call, await self._one(call, request.share_network_subnet_id))

    async def delete_share_network_subnet(self, call: Call, request: pb2.ShareNetworkSubnetRequest) -> Result:
        subnet = await self._one(call, request.share_network_subnet_id)
        for server in await servers.of_subnets(call, [subnet]):
            if await servers.shares_of(call, server.id):
                raise refusals.Conflicting(
                    f"Cannot delete share network subnet {subnet.id}, it has one or more shares."
                )
            if await servers.groups_of(call, server.id):
                raise refusals.Conflicting(
                    f"Cannot delete share network subnet {subnet.id}, it has one or more share groups."
                )
        await servers.drop_servers(call, [subnet], "share network subnet {id},so")
        await self.discard(call, subnet)
        return EMPTY

    @staticmethod
    async def _one(call: Call, id: str) -> ShareNetworkSubnet:
        found = await call.tx.get(ShareNetworkSubnet, id)
        if found is None or found.share_network_id != call.target.id:
            raise refusals.SubnetNotFound(id=id)
        return found

    @staticmethod
    def _named(call: Call, subnet: ShareNetworkSubnet) -> Message:
        """A subnet with the name that its network has now."""
        kept = copy_of(shown(call, subnet))
        network = call.target
        assign(kept, "share_network_name", network.name if network.HasField("name") else None)
        return kept


METADATA = Collection("share_network_subnet", "metadata", check=check_given_metadata, missing=no_such_item)


class SubnetMetadata(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["SubnetMetadata"]

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        """A subnet of another project is known here, and refused by the policy."""
        found = await call.tx.get(ShareNetworkSubnet, id)
        if found is not None and not call.caller.is_admin and found.project_id != call.caller.project_id:
            raise not_allowed("share_network_subnet:show")
        return await super().target(call, owner, id)
