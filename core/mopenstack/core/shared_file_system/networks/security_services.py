"""Security services. Source: manila/api/v2/security_service.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system.base import ManilaResource, all_projects, asked, assign, not_allowed
from mopenstack.core.shared_file_system.networks.servers import of_network
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks import security_services_pb2 as pb2
from mopenstack.shared_file_system.v2.networks.security_services_pb2 import SecurityService
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork

TYPES = ("active_directory", "ldap", "kerberos")
SITE_SINCE = 76
FILTERS = ("name", "id", "type", "user", "server", "dns_ip", "domain")


class SecurityServices(ManilaResource[SecurityService]):
    service = pb2.DESCRIPTOR.services_by_name["SecurityServices"]
    message = SecurityService
    not_found = refusals.SecurityServiceNotFound

    # -- the RPCs

    async def get_security_service(self, call: Call, request: Any) -> Result:
        return self._own(call, "show")

    async def create_security_service(self, call: Call, request: pb2.CreateSecurityServiceRequest) -> Result:
        body = request.security_service
        if body.type not in TYPES:
            raise refusals.InvalidInput(
                why=f"Invalid type {body.type if body.HasField('type') else None} specified for security service. "
                f"Valid types are {','.join(TYPES)}"
            )
        _check_site(call, body, body.type, ", Specify")
        made = SecurityService(status="new")
        for field in body.DESCRIPTOR.fields:
            assign(made, field.name, getattr(body, field.name) if body.HasField(field.name) else None)
        return await self.insert(call, made)

    async def update_security_service(self, call: Call, request: pb2.UpdateSecurityServiceRequest) -> Result:
        body, paths = request.security_service, set(request.mask.paths)
        kept = self._own(call, "update")
        if await self._is_served(call, kept.id) and paths - {"name", "description"}:
            raise refusals.ForbiddenNow(
                f"Cannot update security service {kept.id}. It is attached to share network with share server "
                "associated. Only 'name' and 'description' fields are available for update."
            )
        _check_site(call, body, kept.type, ". Specify")
        new = await call.tx.edit(SecurityService, kept.id)
        for name in paths:
            if name == "type" and not body.HasField("type"):
                continue
            assign(new, name, getattr(body, name) if body.HasField(name) else None)
        await self.save(call, new)
        return new

    async def delete_security_service(self, call: Call, request: Any) -> Result:
        if await _networks_of(call, call.target.id):
            raise refusals.ForbiddenNow("Cannot delete security service. It is assigned to share network(s)")
        await self.discard(call, self._own(call, "delete"))
        return EMPTY

    # -- hooks

    def visible(self, call: Call, obj: SecurityService) -> bool:
        """The policy is asked by the handlers, after what Manila looks at first."""
        return True

    async def candidates(self, call: Call, query: common.Query) -> Iterable[SecurityService]:
        network_id = asked(query, "share_network_id")
        if network_id is not None:
            network = await call.tx.get(ShareNetwork, network_id)
            if network is None or not (call.caller.is_admin or network.project_id == call.caller.project_id):
                raise refusals.ShareNetworkNotThere(id=network_id)
            found = [await call.tx.get(SecurityService, id) for id in network.security_service_ids]
            return [one for one in found if one is not None]
        if call.caller.is_admin and all_projects(query):
            return await call.tx.scan(SecurityService)
        return await call.tx.query(SecurityService, project_id=call.caller.project_id)

    async def filtered(
        self, call: Call, found: Sequence[SecurityService], query: common.Query
    ) -> list[SecurityService]:
        """An administrator's filters may be of any name, and hold nothing where there is no such field."""
        left = list(found)
        for item in query.filters:
            if item.key in ("all_tenants", "all_projects", "share_network_id", "status"):
                continue
            if item.key not in FILTERS and not call.caller.is_admin:
                continue
            left = [one for one in left if str(getattr(one, item.key, None)) == item.values[0]]
        return left

    async def view(self, call: Call, obj: SecurityService) -> Message:
        if call.operation is None or call.operation.method != "ListSecurityServicesDetail":
            return obj
        shown = copy_of(obj)
        shown.share_networks.extend(one.id for one in await _networks_of(call, obj.id))
        return shown

    # -- inside

    @staticmethod
    def _own(call: Call, action: str) -> SecurityService:
        kept: SecurityService = call.target
        if not call.caller.is_admin and kept.project_id != call.caller.project_id:
            raise not_allowed(f"security_service:{action}")
        return kept

    @staticmethod
    async def _is_served(call: Call, id: str) -> bool:
        return any([await of_network(call, one.id) for one in await _networks_of(call, id)])


async def _networks_of(call: Call, id: str) -> list[ShareNetwork]:
    return [one for one in await call.tx.scan(ShareNetwork) if id in one.security_service_ids]


def _check_site(call: Call, body: Any, type: str, end: str) -> None:
    if not body.default_ad_site:
        return
    if not call.at_least(SITE_SINCE):
        raise refusals.Refused('"default_ad_site" is only supported from API version 2.76.')
    if type == "active_directory" and body.server:
        raise refusals.InvalidInput(
            why="Cannot create security service because both server and 'default_ad_site' were provided"
            f"{end} either server or 'default_ad_site'"
        )
