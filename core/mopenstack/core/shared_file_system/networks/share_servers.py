"""Share servers. Source: manila/api/v2/share_servers.py, manila/share/manager.py; the dummy driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import ManilaResource, boolean, given, is_uuid, new_status
from mopenstack.core.shared_file_system.networks.server_migration import ServerMigration
from mopenstack.core.shared_file_system.networks.servers import ALLOCATION, groups_of, shares_of
from mopenstack.core.shared_file_system.networks.states import ACTIVE, SERVER_STATUSES, SERVERS, check_active
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks import share_servers_pb2 as pb2
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer

TASK_STATES = (
    "migration_starting", "migration_in_progress", "migration_completing", "migration_success", "migration_error",
    "migration_cancel_in_progress", "migration_cancelled", "migration_driver_in_progress",
    "migration_driver_phase1_done",
)  # fmt: skip
UNMANAGEABLE = ("error", "active", "manage_error", "unmanage_error")
_EXPERIMENTAL = (
    "ResetShareServerTaskState", "CheckShareServerMigration", "StartShareServerMigration",
    "CompleteShareServerMigration", "CancelShareServerMigration", "GetShareServerMigrationProgress",
)  # fmt: skip


class ShareServers(ServerMigration, ManilaResource[ShareServer]):
    service = pb2.DESCRIPTOR.services_by_name["ShareServers"]
    message = ShareServer
    not_found = refusals.ShareServerNotFound
    lifecycle = SERVERS
    page_max = None
    experimental: ClassVar[Mapping[str, tuple[int, int]]] = dict.fromkeys(_EXPERIMENTAL, (0, 10_000))

    async def list_share_servers(self, call: Call, request: pb2.ListShareServersRequest) -> Result:
        found = sorted(await call.tx.scan(ShareServer), key=lambda one: (one.created_at.seconds, one.created_at.nanos))
        named = [await self.view(call, one) for one in found]
        for item in request.query.filters:
            named = [one for one in named if _has(one, item.key, item.values[0])]
        return Page(named)

    async def manage_share_server(self, call: Call, request: pb2.ManageShareServerRequest) -> Result:
        if not request.HasField("share_server"):
            raise refusals.Unprocessable("Share Server entity not found in request body")
        body = request.share_server
        for name in ("host", "share_network_id", "identifier"):
            if not body.HasField(name):
                raise refusals.Refused(f"Required parameter {name} not found")
            if not getattr(body, name):
                raise refusals.Refused(f"Required parameter {name} is empty")
        subnet = await self._subnet(call, body)
        network = await call.tx.get(ShareNetwork, subnet.share_network_id)
        if network is not None:
            check_active(network)
        if "#" in body.host:
            raise refusals.Refused("Host parameter should not contain pool.")
        if backends.backend_of(body.host) is None:
            raise refusals.ServiceOfServerNotFound(id=body.host)
        if await call.tx.get(ShareNetwork, body.share_network_id) is None:
            raise refusals.NetworkOfServerNotFound(id=body.share_network_id)
        if given(body.driver_options) is not None and not isinstance(plain(body.driver_options), dict):
            raise refusals.Refused("Driver options must be in dictionary format.")
        same = [one.identifier for one in await call.tx.scan(ShareServer) if _alike(body.identifier, one.identifier)]
        if same:
            raise refusals.InvalidInput(
                why=f"Identifier {body.identifier} specified matches existing share servers: {', '.join(same)}."
            )
        server = ShareServer(status="manage_starting", host=body.host, identifier=body.identifier)
        server.share_network_id = subnet.share_network_id
        server.share_network_subnet_ids.append(subnet.id)
        server.project_id = network.project_id if network is not None else ""
        server = copy_of(await self.insert(call, server))
        call.stamp(server.updated_at)
        await call.tx.put(server)
        await SERVERS.enter(call, server, "manage")
        return await self.view(call, server)

    async def get_share_server_details(self, call: Call, request: Any) -> Result:
        return pb2.ShareServerDetailsResponse(details=dict(call.target.backend_details))

    async def delete_share_server(self, call: Call, request: Any) -> Result:
        server = call.target
        if server.status not in ("error", ACTIVE):
            raise refusals.ForbiddenNow(
                f"Share server's actual status is {server.status}, allowed statuses for deletion are ['error', "
                "'active']."
            )
        if await shares_of(call, server.id) or await groups_of(call, server.id):
            raise refusals.ShareServerInUse(id=server.id)
        await SERVERS.begin(call, copy_of(server), "delete")
        return EMPTY

    async def reset_share_server_status(self, call: Call, request: pb2.ResetShareServerStatusRequest) -> Result:
        await SERVERS.force(call, copy_of(call.target), new_status(request, SERVER_STATUSES))
        return EMPTY

    async def reset_share_server_task_state(self, call: Call, request: pb2.ResetShareServerTaskStateRequest) -> Result:
        new = await call.tx.edit(ShareServer, call.target.id)
        if request.mask.paths and not request.reset_task_state.HasField("task_state"):
            new.ClearField("task_state")
        else:
            new.task_state = new_status(request, TASK_STATES, "task_state", "reset_task_state")
        await call.tx.put(new)
        return EMPTY

    async def unmanage_share_server(self, call: Call, request: pb2.UnmanageShareServerRequest) -> Result:
        server = call.target
        force = given(request.unmanage.force)
        if force is not None:
            boolean(force)
        if len(server.share_network_subnet_ids) > 1:
            raise refusals.Refused("Cannot unmanage the share server containing multiple subnets.")
        if server.encryption_key_ref:
            raise refusals.Refused("Cannot unmanage the share server containing encryption key reference")
        network = await call.tx.get(ShareNetwork, server.share_network_id)
        if network is not None:
            check_active(network)
        if server.status not in UNMANAGEABLE:
            raise refusals.Refused(
                f"Share server's actual status is {server.status}, allowed statuses for unmanaging are "
                f"{', '.join(UNMANAGEABLE)}."
            )
        if await shares_of(call, server.id) or await groups_of(call, server.id):
            raise refusals.ShareServerInUseYet(id=server.id)
        await SERVERS.begin(call, copy_of(server), "unmanage")
        return EMPTY

    async def view(self, call: Call, obj: ShareServer) -> Message:
        """A share server with the name of its network."""
        network = await call.tx.get(ShareNetwork, obj.share_network_id)
        shown = copy_of(obj)
        shown.share_network_name = (network.name or network.id) if network is not None else ""
        ids = sorted(obj.share_network_subnet_ids)
        del shown.share_network_subnet_ids[:]
        shown.share_network_subnet_ids.extend(ids)
        if ids:
            shown.share_network_subnet_id = ids[0]
        return shown

    @staticmethod
    async def _subnet(call: Call, body: Any) -> ShareNetworkSubnet:
        """The subnet that a share server to be managed is on."""
        if body.share_network_subnet_id:
            named = await call.tx.get(ShareNetworkSubnet, body.share_network_subnet_id)
            if named is None:
                raise refusals.SubnetOfServerNotFound(id=body.share_network_subnet_id)
            found = await call.tx.query(ShareNetworkSubnet, share_network_id=named.share_network_id)
            found = [one for one in found if one.availability_zone == named.availability_zone]
        else:
            found = await call.tx.query(ShareNetworkSubnet, share_network_id=body.share_network_id)
            found = [one for one in found if not one.availability_zone]
        if not found:
            raise refusals.Refused(
                f"The share network {body.share_network_id} does have a default subnet. Create one or use a specific "
                "subnet to manage this share server with API version >= 2.51."
            )
        if len(found) > 1:
            raise refusals.Refused(
                "Cannot manage the share server, since the share network subnet "
                f"{body.share_network_subnet_id or None} has more subnets in its availability zone and share network."
            )
        return found[0]


def _has(server: Any, key: str, value: str) -> bool:
    if key == "share_network":
        return value in (server.share_network_name, server.share_network_id)
    if key == "share_network_subnet_id":
        return value in server.share_network_subnet_ids
    return key in server.DESCRIPTOR.fields_by_name and str(getattr(server, key)) == value


def _alike(one: str, other: str) -> bool:
    """Whether a part of one identifier is the other, as SQL and drivers may write it."""
    one, other = one.replace("-", "_"), other.replace("-", "_")
    return one in other or other in one


@SERVERS.on("manage")
async def _managed(call: Call, server: ShareServer) -> None:
    if not is_uuid(server.identifier):
        server.status = "manage_error"
        return
    server.status = ACTIVE
    server.backend_details.update(server_id=server.id, service_ip="10.0.0.12", username="fake_username")
    server.backend_details["subnet_allocations"] = ALLOCATION
    server.network_allocation_update_support = True


@SERVERS.on("unmanage", "delete")
async def _gone(call: Call, server: ShareServer) -> None:
    await call.tx.delete(ShareServer, server.id)
