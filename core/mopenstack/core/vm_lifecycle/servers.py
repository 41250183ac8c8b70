"""The servers of the cloud that serves the API itself, by nested calls of Nova's RPCs with the caller's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mopenstack.compute.v2.flavors.flavors_pb2 import ListFlavorsRequest
from mopenstack.compute.v2.servers import server_actions_pb2 as actions
from mopenstack.compute.v2.servers import servers_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import BadRequest, Conflict, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.validation import is_format
from mopenstack.core.vm_lifecycle import states
from mopenstack.core.vm_lifecycle.machines import Machine
from mopenstack.image.v2.images.images_pb2 import GetImageRequest, Image, ListImagesRequest
from mopenstack.network.v2.core.networks_pb2 import ListNetworksRequest
from mopenstack.vm_lifecycle.v1 import refusals

SERVERS = "mopenstack.compute.v2.Servers"
ACTIONS = "mopenstack.compute.v2.ServerActions"
PAGE = 1000


class OwnServers:
    """The servers of the caller's project."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def all(self, *, deleted: bool) -> Sequence[Machine]:
        call = self._call
        if not call.caller.project_id:
            return []
        given = {"deleted": "true", "all_tenants": "1", "project_id": call.caller.project_id} if deleted else {}
        return [_machine(server) for server in await self._servers(given, elevated=deleted)]

    async def find(self, id: str) -> Machine | None:
        if not is_format("uuid", id):
            return None
        call = self._call
        try:
            server = await call.invoke(f"{SERVERS}.GetServer", pb.GetServerRequest(server_id=id))
        except NotFound:
            given = {"deleted": "true", "all_tenants": "1", "uuid": id}
            server = next(iter(await self._servers(given, elevated=True)), None)
            if server is None or (server.project_id != call.caller.project_id and not call.caller.is_admin):
                return None
        return _machine(server)

    async def create(self, name: str, flavor: str, image: str) -> Machine:
        call = self._call
        body = pb.ServerCreate(
            name=name,
            flavor_id=await self._flavor(flavor),
            image_id=await self._image(image),
            metadata={states.MARK: states.MARKED},
            networks=to_value(await self._networks()),
        )
        try:
            made = await call.invoke(f"{SERVERS}.CreateServer", pb.CreateServerRequest(server=body))
        except (BadRequest, Conflict) as refused:
            raise refusals.NotCreated(field="image", why=refused.text) from None
        found = await self.find(made.server.id)
        assert found is not None
        return found

    async def act(self, machine: Machine, action: str) -> None:
        try:
            if action == states.STOP and machine.nova_status == "PAUSED":
                # Nova stops no server that is paused: the cloud takes it for one that runs, and stops that.
                active = actions.ResetState(state="active")
                reset = actions.ResetServerStateRequest(server_id=machine.id, reset_state=active)
                await self._as_admin().invoke(f"{ACTIONS}.ResetServerState", reset)
            method, request = _request(machine, action)
            await self._call.invoke(method, request)
        except (Conflict, NotFound) as refused:
            raise refusals.ActionRefused(
                id=machine.id, status=machine.status, action=action, why=refused.text
            ) from None

    async def ready(self) -> None:
        """It is: the call came so far."""

    def _as_admin(self) -> Call:
        """The call with the admin role, for what Nova lets administrators alone do and this API all its users."""
        caller = self._call.caller
        return self._call.elevated(replace(caller, roles=caller.roles | {"admin"}))

    # -- what a create needs

    async def _servers(self, given: dict[str, str], *, elevated: bool) -> list[Server]:
        call = self._as_admin() if elevated else self._call
        query, found = common.Query(limit=PAGE), []
        for key, value in given.items():
            query.filters.add(key=key, values=[value])
        while True:
            request = pb.ListServersRequest(query=query)
            page = await call.invoke(f"{SERVERS}.ListServersDetail", request)
            found += page.items
            if not page.next_marker:
                return found
            query.marker = page.next_marker

    async def _flavor(self, name: str) -> str:
        flavors = await self._call.invoke("mopenstack.compute.v2.Flavors.ListFlavorsDetail", ListFlavorsRequest())
        for flavor in flavors.items:
            if flavor.name == name:
                return str(flavor.id)
        raise refusals.UnknownValue(field="flavor", value=name)

    async def _image(self, named: str) -> str:
        if is_format("uuid", named):
            try:
                found: Image = await self._call.invoke(
                    "mopenstack.image.v2.Images.GetImage", GetImageRequest(image_id=named)
                )
            except NotFound:
                raise refusals.UnknownValue(field="image", value=named) from None
            return found.id
        query = common.Query()
        query.filters.add(key="name", values=[named])
        images = await self._call.invoke("mopenstack.image.v2.Images.ListImages", ListImagesRequest(query=query))
        if not images.items:
            raise refusals.UnknownValue(field="image", value=named)
        return str(images.items[0].id)

    async def _networks(self) -> Any:
        """The project's first network, else a shared one, else none."""
        networks = await self._call.invoke("mopenstack.network.v2.Networks.ListNetworks", ListNetworksRequest())
        project = self._call.caller.project_id
        usable = [one for one in networks.items if not one.external and one.subnets]
        own = [one for one in usable if one.project_id == project]
        first = min(own or usable, key=lambda one: (one.created_at.ToNanoseconds(), one.id), default=None)
        return "none" if first is None else [{"uuid": first.id}]


@subscribes("built", "server")
async def stop_built(call: Call, server: Server) -> None:
    """A server that this API made is stopped as soon as it is built (a private copy)."""
    if server.metadata.get(states.MARK) == states.MARKED:
        server.vm_state, server.power_state = Server.VM_STATE_STOPPED, 4


def _request(machine: Machine, action: str) -> tuple[str, Any]:
    """Nova's RPC for an action in the server's own status."""
    id, status = machine.id, machine.nova_status
    if action == states.DELETE:
        return f"{SERVERS}.DeleteServer", pb.DeleteServerRequest(server_id=id)
    if action == states.START and status.startswith("SHELVED"):
        return f"{ACTIONS}.UnshelveServer", actions.UnshelveServerRequest(server_id=id)
    if action == states.RESUME and status == "SUSPENDED":
        return f"{ACTIONS}.ResumeServer", actions.ResumeServerRequest(server_id=id)
    if action == states.RESTART:
        reboot = actions.Reboot(type="SOFT")
        return f"{ACTIONS}.RebootServer", actions.RebootServerRequest(server_id=id, reboot=reboot)
    name = {states.START: "Start", states.STOP: "Stop", states.PAUSE: "Pause", states.RESUME: "Unpause"}[action]
    return f"{ACTIONS}.{name}Server", getattr(actions, f"{name}ServerRequest")(server_id=id)


def _machine(server: Server) -> Machine:
    status = pb.Server.Status.Name(server.status)
    fixed = sorted(
        (address.version, address.addr)
        for addresses in server.addresses.values()
        for address in addresses.addresses
        if address.type == "fixed"
    )
    return Machine(
        id=server.id,
        name=server.name,
        flavor=server.flavor.original_name,
        image=server.image.id,
        status=states.status_of(status, server.task_state, server.metadata),
        nova_status=status,
        ip_address=fixed[0][1] if fixed else "",
        created_at=server.created_at.ToNanoseconds() / 1e9,
        updated_at=server.updated_at.ToNanoseconds() / 1e9,
    )
