"""Share networks. Source: manila/api/v2/share_networks.py, manila/share/api.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system.base import (
    ZONE,
    ManilaResource,
    all_projects,
    asked,
    assign,
    boolean,
    check_text,
    given,
    new_status,
)
from mopenstack.core.shared_file_system.networks import servers, subnets
from mopenstack.core.shared_file_system.networks.changes import check_change, start_change
from mopenstack.core.shared_file_system.networks.states import NETWORKS
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.networks import share_networks_pb2 as pb2
from mopenstack.shared_file_system.v2.networks.security_services_pb2 import SecurityService
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

NO_NOVA = "nova networking is not supported starting in Ocata."
STATUSES = ("active", "error", "network_change")
OWN = ("neutron_net_id", "neutron_subnet_id", "network_type", "segmentation_id", "cidr", "ip_version", "gateway", "mtu")
"""What a share network shows of its default subnet until 2.50."""
SECRET = ("network_type", "segmentation_id")
IN_USE_SINCE = 63


class ShareNetworks(ManilaResource[ShareNetwork]):
    service = pb2.DESCRIPTOR.services_by_name["ShareNetworks"]
    message = ShareNetwork
    not_found = refusals.ShareNetworkNotFound
    lifecycle = NETWORKS

    # -- the RPCs

    async def create_share_network(self, call: Call, request: pb2.CreateShareNetworkRequest) -> Result:
        body, paths = request.share_network, set(request.mask.paths)
        if "nova_net_id" in paths:
            raise refusals.Refused(NO_NOVA)
        if body.availability_zone and body.availability_zone != ZONE:
            raise refusals.ZoneDoesNotExist(id=body.availability_zone)
        subnets.check_both(paths)
        check_text(body.name, "name")
        network = ShareNetwork(status="active", user_id=call.caller.user_id)
        network.security_service_update_support = network.network_allocation_update_support = True
        assign(network, "name", body.name if body.HasField("name") else None)
        assign(network, "description", body.description if body.HasField("description") else None)
        network = await self.insert(call, network)
        made = day(body.created_at) if body.HasField("created_at") else None
        if made is not None:  # Manila takes all that its database has
            call.stamp(network.created_at, made)
            await call.tx.put(network)
        await subnets.add(call, network, body)
        return await self.view(call, network)

    async def update_share_network(self, call: Call, request: pb2.UpdateShareNetworkRequest) -> Result:
        body, paths = request.share_network, set(request.mask.paths)
        if "nova_net_id" in paths:
            raise refusals.Refused(NO_NOVA)
        network = call.target
        if await servers.of_network(call, network.id) and paths - {"name", "description"}:
            raise refusals.ForbiddenNow(
                f"Cannot update share network {network.id}. It is used by share servers. Only 'name' and 'description' "
                "fields are available for update"
            )
        if paths & {"neutron_net_id", "neutron_subnet_id"}:
            await subnets.change_default(call, network, body)
        new = await call.tx.edit(ShareNetwork, network.id)
        for field in ("name", "description"):
            if field in paths:
                check_text(getattr(body, field), field)
                assign(new, field, getattr(body, field) if body.HasField(field) else None)
        await self.save(call, new)
        return await self.view(call, new)

    async def delete_share_network(self, call: Call, request: Any) -> Result:
        id = call.target.id
        used = [*await call.tx.query(Share, share_network_id=id)]
        used += [one for one in await call.tx.query(ShareInstance, share_network_id=id) if not one.main]  # type: ignore[misc]
        if used:
            raise refusals.Conflicting(f"Can not delete share network {id}, it has {len(used)} share(s).")
        groups = await call.tx.count(ShareGroup, share_network_id=id)
        if groups:
            raise refusals.Conflicting(f"Can not delete share network {id}, it has {groups} share group(s).")
        found = await call.tx.query(ShareNetworkSubnet, share_network_id=id)
        if len(found) > 1:
            raise refusals.Conflicting(
                f"The share network {id} has more than one subnet attached. Please remove the subnets untill you "
                "have one or no subnets remaining."
            )
        await servers.drop_servers(call, found, "share network subnet {id}, so")
        await self.discard(call, call.target)
        return EMPTY

    async def add_security_service(self, call: Call, request: pb2.AddSecurityServiceRequest) -> Result:
        service = await self._service(call, request.add_security_service.security_service_id)
        network = call.target
        if await servers.of_network(call, network.id) and not call.at_least(IN_USE_SINCE):
            raise refusals.ForbiddenNow("Cannot add security services. Share network is used.")
        waits = await start_change(call, network, service)
        new = await call.tx.edit(ShareNetwork, network.id)
        new.security_service_ids.append(service.id)
        await call.tx.put(new)
        return await self._changed(call, new, waits)

    async def remove_security_service(self, call: Call, request: pb2.RemoveSecurityServiceRequest) -> Result:
        network, id = call.target, request.remove_security_service.security_service_id
        if await servers.of_network(call, network.id):
            raise refusals.ForbiddenNow("Cannot remove security services. Share network is used.")
        if not request.remove_security_service.HasField("security_service_id"):
            raise refusals.MalformedBody()
        if await call.tx.get(SecurityService, id) is None:
            raise refusals.SecurityServiceToRemoveNotFound(id=id)
        if id not in network.security_service_ids:
            raise refusals.Refused(
                f"Failed to dissociate share network {network.id} and security service {id}: No association defined."
            )
        new = await call.tx.edit(ShareNetwork, network.id)
        new.security_service_ids.remove(id)
        await call.tx.put(new)
        return await self.view(call, new)

    async def replace_security_service(self, call: Call, request: pb2.ReplaceSecurityServiceRequest) -> Result:
        current, new_one = await self._both(call, request.update_security_service)
        network = call.target
        waits = await start_change(call, network, new_one, current)
        new = await call.tx.edit(ShareNetwork, network.id)
        ids = [new_one.id if one == current.id else one for one in new.security_service_ids]
        del new.security_service_ids[:]
        new.security_service_ids.extend(ids)
        await call.tx.put(new)
        return await self._changed(call, new, waits)

    async def check_replace_security_service(
        self, call: Call, request: pb2.CheckReplaceSecurityServiceRequest
    ) -> Result:
        body = request.update_security_service_check
        current, new_one = await self._both(call, body)
        return await check_change(call, call.target, new_one, current, reset=_resets(body))

    async def check_add_security_service(self, call: Call, request: pb2.CheckAddSecurityServiceRequest) -> Result:
        body = request.add_security_service_check
        if not body.HasField("security_service_id"):
            raise refusals.Refused("Malformed request body.")
        service = await call.tx.get(SecurityService, body.security_service_id)
        if service is None or not (call.caller.is_admin or service.project_id == call.caller.project_id):
            raise refusals.SecurityServiceToCheckNotFound(id=body.security_service_id)
        return await check_change(call, call.target, service, reset=_resets(body))

    async def check_create_share_network_subnet(self, call: Call, request: pb2.CheckSubnetRequest) -> Result:
        body = request.share_network_subnet_create_check
        await subnets.check_new(call, call.target, body, set(request.mask.paths), several=True)
        return await subnets.checked(call, call.target, body, reset=_resets(body))

    async def reset_share_network_status(self, call: Call, request: pb2.ResetShareNetworkStatusRequest) -> Result:
        await NETWORKS.force(call, copy_of(call.target), new_status(request, STATUSES))
        return EMPTY

    # -- hooks

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ShareNetwork]:
        project = asked(query, "project_id")
        if not call.caller.is_admin:
            return await call.tx.query(ShareNetwork, project_id=call.caller.project_id)
        if project is not None:
            return await call.tx.query(ShareNetwork, project_id=project)
        if all_projects(query):
            return await call.tx.scan(ShareNetwork)
        return await call.tx.query(ShareNetwork, project_id=call.caller.project_id)

    async def filtered(self, call: Call, found: Sequence[ShareNetwork], query: common.Query) -> list[ShareNetwork]:
        """Each filter is held against the network and its subnets; one that neither has matches nothing."""
        left = list(found)
        for item in query.filters:
            key, value = item.key, item.values[0]
            if key in SECRET and not call.caller.is_admin:
                continue
            left = [one for one in left if await self._matches(call, one, key, value)]
        return left

    async def _matches(self, call: Call, network: ShareNetwork, key: str, value: str) -> bool:
        if key in ("all_tenants", "project_id"):
            return True
        if key in ("created_since", "created_before"):
            return _on_day(network, key, value)
        if key == "security_service_id":
            return value in network.security_service_ids
        plain = key.rstrip("~")
        parts: list[Message] = [network, *await call.tx.query(ShareNetworkSubnet, share_network_id=network.id)]
        for part in parts:
            if plain not in part.DESCRIPTOR.fields_by_name:
                continue
            has = str(getattr(part, plain))
            if has == value or (key.endswith("~") and call.at_least(36) and value in has):
                return True
        return False

    async def view(self, call: Call, obj: ShareNetwork) -> Message:
        """A share network with its subnets; what is about the provider's network is for administrators."""
        shown = copy_of(obj)
        for subnet in await subnets.of(call, obj.id):
            kept = subnets.shown(call, subnet)
            shown.share_network_subnets.append(kept)
            if not subnet.availability_zone:
                for field in OWN:
                    assign(shown, field, getattr(kept, field) if kept.HasField(field) else None)
        return shown

    # -- inside

    async def _changed(self, call: Call, network: ShareNetwork, waits: bool) -> Message:
        """The answer of a change that share servers may have to follow."""
        if not waits:
            return await self.view(call, network)
        new = copy_of(network)
        await NETWORKS.begin(call, new, "change")
        return await self.view(call, new)

    @staticmethod
    async def _service(call: Call, id: str) -> SecurityService:
        found = await call.tx.get(SecurityService, id)
        if found is None:
            raise refusals.SecurityServiceNotFound(id=id)
        return found

    @staticmethod
    async def _both(call: Call, body: Any) -> tuple[SecurityService, SecurityService]:
        if not body.HasField("current_service_id") or not body.HasField("new_service_id"):
            raise refusals.Refused("Malformed request body.")
        current = await call.tx.get(SecurityService, body.current_service_id)
        new = await call.tx.get(SecurityService, body.new_service_id)
        if current is None or new is None:
            raise refusals.SecurityServicesNotFound()
        return current, new


def _resets(body: Any) -> bool:
    value = given(body.reset_operation)
    return value is not None and boolean(value, f"Invalid value {value} for reset_operation. Expecting a boolean.")


def day(value: str) -> float | None:
    """A day as seconds since 1970; None: it is none."""
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _on_day(network: ShareNetwork, key: str, value: str) -> bool:
    at = day(value)
    if at is None:
        raise refusals.Refused(f"{value} is not in yyyy-mm-dd format.")
    return network.created_at.seconds >= at if key == "created_since" else network.created_at.seconds <= at
