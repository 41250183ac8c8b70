"""Create of servers: every check in Nova's order, then the servers.

After nova.api.openstack.compute.servers.create and nova.compute.api.create. A request that Nova would
accept and fail to build later (an address outside the subnet, a volume that cannot be made) is
accepted here too: the server becomes ERROR with a fault.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.keypairs_pb2 import Keypair
from mopenstack.compute.v2.servers.servers_pb2 import (
    CreateServerRequest,
    CreateServerResponse,
    Personality,
    Server,
    ServerCreate,
)
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.patterns import exact
from mopenstack.contract.values import to_struct
from mopenstack.core.compute.keypairs import Keypairs
from mopenstack.core.compute.quotas.quotas import SERVICE, take
from mopenstack.core.compute.servers import block_devices, claims, images, networking, scheduling, server_values
from mopenstack.core.compute.servers.scheduling import SchedulingRequest
from mopenstack.core.compute.servers.server_groups import ServerGroups
from mopenstack.core.engine.call import Call, names_of
from mopenstack.image.v2.images.images_pb2 import Image

PASSWORD_LENGTH = 12
ABORTED = "Build of instance {id} aborted: {why}"
METADATA_KEY = "^[a-zA-Z0-9-_:. ]{1,255}$"


@dataclass(slots=True)
class Plan:
    """A create request, checked."""

    request: CreateServerRequest
    given: set[str]
    count: int = 1
    flavor_id: str = ""
    flavor: Server.FlavorEmbedded = field(default_factory=Server.FlavorEmbedded)
    image: Image | None = None
    mappings: list[block_devices.BlockDeviceMapping] = field(default_factory=list)
    networks: list[networking.NetworkRequest] = field(default_factory=list)
    group_ids: list[str] = field(default_factory=list)
    scheduling: SchedulingRequest = field(default_factory=SchedulingRequest)
    reservation_id: str = ""
    key: Keypair | None = None

    @property
    def body(self) -> ServerCreate:
        return self.request.server


async def check_create(call: Call, request: CreateServerRequest) -> Plan:
    """Check a request; raises Nova's refusals."""
    body = request.server
    plan = Plan(request, set(request.mask.paths) or names_of(body))
    images.check_reference(body.image_id)
    check_metadata(body.metadata)
    least = body.min_count or 1
    most = body.max_count if body.HasField("max_count") else least
    if least > most:
        raise refusals.BadCount()
    plan.scheduling = await scheduling.scheduling_request(call, request)
    plan.mappings = block_devices.requested_mappings(body)
    if not body.image_id and not plan.mappings:
        raise refusals.MissingImage()
    wanted = networking.requested_networks(body, call.microversion)
    plan.flavor_id, plan.flavor = await server_values.flavor_of(call, body.flavor_id)
    if most > 1:
        _check_several(plan, wanted)
    await _check_image(call, plan)
    has_image = _map_image(plan)
    await _check_options(call, plan)
    names = [group.name for group in body.security_groups if group.name]
    plan.group_ids = await networking.security_group_ids(call, list(dict.fromkeys(names)), call.caller.project_id)
    plan.networks = await networking.validate_networks(call, wanted, call.caller.project_id)
    plan.count = await _take_quota(call, plan.flavor, least, most)
    await _check_ports(call, plan)
    if plan.mappings:
        await block_devices.check(
            call,
            plan.mappings,
            plan.flavor,
            has_image=has_image,
            boots_image=has_image and not body.block_device_mapping_v2,
        )
    plan.reservation_id = "r-" + call.ids.word(8, "abcdefghijklmnopqrstuvwxyz0123456789")
    return plan


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Check the schema of metadata (nova.api.validation.parameter_types.metadata)."""
    for key, value in metadata.items():
        if exact(METADATA_KEY).search(key) is None:
            why = f"{key!r} does not match any of the regexes: '{METADATA_KEY}'"
            raise networking.schema_refusal("metadata", dict(metadata), why)
        if len(value) > 255:
            raise networking.schema_refusal(key, value, f"{value!r} is too long")


async def check_metadata_quota(call: Call, metadata: Mapping[str, str]) -> None:
    """Check the limit of metadata."""
    if not metadata:
        return
    limit = (await call.quota.limits(SERVICE, call.caller.project_id))["metadata_items"]
    if 0 <= limit < len(metadata):
        raise refusals.MetadataLimit(limit=limit)


async def check_files(call: Call, files: Sequence[Personality]) -> None:
    """Check the limits of personality."""
    if not files:
        return
    limits = await call.quota.limits(SERVICE, call.caller.project_id)
    if 0 <= limits["injected_files"] < len(files):
        raise refusals.FileLimit()
    if 0 <= limits["injected_file_path_bytes"] < max(len(file.path) for file in files):
        raise refusals.FilePathLimit(limit=limits["injected_file_path_bytes"])
    content = max(len(base64.b64decode(file.contents)) for file in files)
    if 0 <= limits["injected_file_content_bytes"] < content:
        raise refusals.FileContentLimit(limit=limits["injected_file_content_bytes"])


def check_user_data(text: str) -> None:
    """Check base64 as Nova does: characters outside of the alphabet are dropped, only bad padding is refused."""
    try:
        base64.b64decode(text)
    except binascii.Error:
        raise refusals.NotBase64() from None


# -- parts of the check


def _check_several(plan: Plan, wanted: list[networking.NetworkRequest] | str | None) -> None:
    for request in wanted if isinstance(wanted, list) else ():
        if request.address:
            raise refusals.OneAddress()
        if request.port_id:
            raise refusals.OnePort()
    if plan.body.hostname or plan.body.fqdn:
        raise refusals.OneHostname()


async def _check_image(call: Call, plan: Plan) -> None:
    if plan.body.image_id:
        plan.image = await images.find(call, plan.body.image_id, refusals.ImageNotFound())
        root = block_devices.root_mapping([*block_devices.image_mappings(plan.image), *plan.mappings])
        on_volume = root is not None and root.destination == "volume"
        images.check_fits(plan.image, plan.flavor, on_volume=on_volume)


def _map_image(plan: Plan) -> bool:
    """Add the mappings of the image; whether the server boots from the image itself, and not from a volume of these.

    Clients map the image itself as the root: a root among the volumes replaces that mapping.
    """
    if plan.image is None:
        return False
    mapped = block_devices.image_mappings(plan.image)
    if block_devices.root_mapping(mapped) is not None:
        rest = [item for item in plan.mappings if item.source != "image" or item.boot_index != 0]
        plan.mappings = [*mapped, *rest]
        plan.image = None
    elif mapped:
        plan.mappings = [*mapped, *plan.mappings]
    return plan.image is not None


async def _check_options(call: Call, plan: Plan) -> None:
    body = plan.body
    if body.user_data:
        check_user_data(body.user_data)
    await check_metadata_quota(call, body.metadata)
    await check_files(call, body.personality)
    check_tags(body.tags)
    if body.key_name:
        plan.key = await key_of(call, call.caller.user_id, body.key_name)


async def key_of(call: Call, user_id: str, name: str) -> Keypair:
    """The user's key pair; raises InvalidKeyName."""
    try:
        return await call.service(Keypairs).of_user(call, user_id, name)
    except NotFound:
        raise refusals.InvalidKeyName() from None


def set_key(server: Server, key: Keypair) -> None:
    """Let a server have a key pair, also where it is deleted."""
    server.key_name, server.key_type, server.public_key = key.name, key.type, key.public_key


def check_tags(tags: Sequence[str]) -> None:
    """Check the schema of tags (nova.api.validation.parameter_types.tag)."""
    for place, tag in enumerate(tags):
        why = tag_fault(tag)
        if why:
            raise networking.schema_refusal(str(place), tag, why)


def tag_fault(tag: str) -> str:
    """What is wrong with a tag; empty: nothing."""
    if not tag:
        return f"{tag!r} should be non-empty"
    if len(tag) > 60:
        return f"{tag!r} is too long"
    return f"{tag!r} does not match '^[^,/]*$'" if "," in tag or "/" in tag else ""


async def _take_quota(call: Call, flavor: Server.FlavorEmbedded, least: int, most: int) -> int:
    """Take quota for as many servers as fit, at least `least`; their number."""
    count = most
    while True:
        units = {"instances": count, "cores": count * flavor.vcpus, "ram": count * flavor.ram}
        try:
            await take(call, call.caller.project_id, call.caller.user_id, units)
        except Fault:
            if count <= least:
                raise
            count -= 1
        else:
            return count


async def give_quota(call: Call, server: Server) -> None:
    """Give back the quota of a server."""
    units = {"instances": 1, "cores": server.flavor.vcpus, "ram": server.flavor.ram}
    await call.quota.give(SERVICE, server.project_id, units)


async def _check_ports(call: Call, plan: Plan) -> None:
    needed = sum(1 for request in plan.networks if not request.port_id) * plan.count
    if not needed:
        return
    project = call.caller.project_id
    limit = (await call.quota.limits("network", project)).get("port", -1)
    if 0 <= limit < await call.quota.used("network", project, "port") + needed:
        raise refusals.PortLimit()


# -- the servers


async def new_servers(call: Call, plan: Plan) -> list[Server]:
    """The servers of a plan, not stored yet: with their hosts, ports and volumes."""
    servers = [_new_server(call, plan, index) for index in range(plan.count)]
    if await _schedule(call, plan, servers):
        for server in servers:
            await _connect(call, plan, server)
    if plan.scheduling.group is not None:
        for server in servers:
            await call.service(ServerGroups).join(call, plan.scheduling.group.id, server.id)
            server.server_groups.append(plan.scheduling.group.id)
    return servers


async def _schedule(call: Call, plan: Plan, servers: Sequence[Server]) -> bool:
    """Select a host for each server, or for none; whether there are enough."""
    taken: list[str] = []
    for server in servers:
        found = await scheduling.select_and_claim(call, server, plan.scheduling, taken)
        if not found.host:
            await claims.release(call, *(other.id for other in servers[: len(taken)]))
            for other in servers:
                other.next_host = other.availability_zone = ""
                other.build_failure = scheduling.NO_HOST if taken else found.why
            return False
        taken.append(found.host)
        server.next_host = found.host
        server.availability_zone = await scheduling.zone_of(call, found.host)
    return True


async def _connect(call: Call, plan: Plan, server: Server) -> None:
    try:
        await networking.allocate(call, server, plan.networks, plan.group_ids, server.next_host)
        await block_devices.connect(call, server, plan.mappings, server.next_host)
    except Fault as fault:
        await networking.release_all(call, server)
        await claims.release(call, server.id)
        server.build_failure = ABORTED.format(id=server.id, why=fault.text)


def _new_server(call: Call, plan: Plan, index: int) -> Server:
    body, id = plan.body, call.ids.uuid()
    name = body.name.strip()
    many = plan.count > 1
    server = Server(
        id=id,
        name=f"{name}-{index + 1}" if many else name,
        project_id=call.caller.project_id,
        user_id=call.caller.user_id,
        flavor_ref=Server.FlavorRef(id=plan.flavor_id),
        flavor=plan.flavor,
        metadata=dict(body.metadata),
        disk_config=body.disk_config or "MANUAL",
        access_ip_v4=server_values.normal_address(body.access_ip_v4),
        access_ip_v6=server_values.normal_address(body.access_ip_v6),
        config_drive="True" if body.config_drive else "",
        vm_state=Server.VM_STATE_BUILDING,
        task_state="scheduling",
        launch_index=index,
        reservation_id=plan.reservation_id,
        root_device_name="/dev/vda",
        tags=sorted(set(body.tags)),
        host_status="",
        admin_pass=body.admin_pass if body.HasField("admin_pass") else call.ids.word(PASSWORD_LENGTH),
    )
    server.hostname = (
        body.hostname or body.fqdn or (server_values.hostname_of(name, id) + (f"-{index + 1}" if many else ""))
    )
    server.hostname_to_admin = server.hostname
    if plan.image is not None:
        server.image.id = plan.image.id
        server.image.properties.update(images.properties_of(plan.image))
        server.min_disk = images.min_disk(plan.image, plan.flavor)
    else:
        server.no_image = ""
    if plan.key is not None:
        set_key(server, plan.key)
    if "user_data" in plan.given:
        server.user_data = body.user_data
    _describe(call, plan, server, name)
    server.scheduler_hints.CopyFrom(to_struct(plan.scheduling.hints))
    if plan.scheduling.zone:
        server.pinned_availability_zone = plan.scheduling.zone
    if body.trusted_image_certificates:
        server.trusted_image_certificates.CopyFrom(server_values.list_value(body.trusted_image_certificates))
    return server


def _describe(call: Call, plan: Plan, server: Server, name: str) -> None:
    """Up to 2.18 a server's description is its name."""
    if not call.at_least(19):
        server.description = name
    elif plan.body.HasField("description"):
        server.description = plan.body.description


def answer(plan: Plan, servers: Sequence[Server]) -> CreateServerResponse:
    """The answer of a create: the first server, or the reservation id if the request asked for it."""
    if plan.body.return_reservation_id:
        return CreateServerResponse(reservation_id=plan.reservation_id)
    first = servers[0]
    groups = [Server.SecurityGroupName(name=group.name) for group in plan.body.security_groups]
    created = CreateServerResponse.Created(
        id=first.id,
        disk_config=first.disk_config,
        security_groups=groups or [Server.SecurityGroupName(name="default")],
        admin_pass=first.admin_pass,
    )
    return CreateServerResponse(server=created)
