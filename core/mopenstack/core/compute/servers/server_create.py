"""How a create request becomes servers: every check in Nova's order and words, then the rows.

After nova.api.openstack.compute.servers.create and nova.compute.api.create. A request that Nova would
accept and fail to build later (an address outside the subnet, a volume that cannot be made) is
accepted here too: the server ends in ERROR with a fault.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import (
    CreateServerRequest,
    CreateServerResponse,
    Personality,
    Server,
    ServerCreate,
)
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.patterns import exact
from mopenstack.core.compute.keypairs import Keypairs
from mopenstack.core.compute.quotas.quotas import SERVICE, take
from mopenstack.core.compute.servers import block_devices, claims, images, networking, scheduling
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
    mappings: list[block_devices.Mapping] = field(default_factory=list)
    networks: list[networking.Request] = field(default_factory=list)
    group_ids: list[str] = field(default_factory=list)
    wish: scheduling.Wish = field(default_factory=scheduling.Wish)
    reservation_id: str = ""

    @property
    def body(self) -> ServerCreate:
        return self.request.server


async def plan_of(call: Call, request: CreateServerRequest) -> Plan:
    """Check a request; raises Nova's refusals."""
    body = request.server
    plan = Plan(request, set(request.mask.paths) or names_of(body))
    images.check_reference(body.image_id)
    check_metadata(body.metadata)
    least = body.min_count or 1
    most = body.max_count if body.HasField("max_count") else least
    if least > most:
        raise refusals.BadCount()
    plan.wish = await scheduling.wish_of(call, request)
    plan.mappings = block_devices.mappings_of(body)
    if not body.image_id and not plan.mappings:
        raise refusals.MissingImage()
    wanted = networking.requested(body, call.microversion)
    plan.flavor_id, plan.flavor = await flavor_of(call, body.flavor_id)
    if most > 1:
        _check_many(plan, wanted)
    await _check_image(call, plan)
    has_image = _map_image(plan)
    await _check_options(call, plan)
    names = [group.name for group in body.security_groups if group.name]
    plan.group_ids = await networking.security_group_ids(call, list(dict.fromkeys(names)), call.caller.project_id)
    plan.networks = await networking.resolve(call, wanted, call.caller.project_id)
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


async def flavor_of(call: Call, flavor_id: str) -> tuple[str, Server.FlavorEmbedded]:
    """The id and the copy that a server keeps of a flavor that the caller may use."""
    try:
        flavor = await call.owner_of("flavor").fetch(call, flavor_id)
    except NotFound:
        raise refusals.FlavorOfServerNotFound(id=flavor_id) from None
    kept = Server.FlavorEmbedded(
        vcpus=flavor.vcpus,
        ram=flavor.ram,
        disk=flavor.disk,
        ephemeral=flavor.ephemeral,
        swap=flavor.swap,
        original_name=flavor.name,
        extra_specs=dict(flavor.extra_specs),
    )
    return flavor.id, kept


def normal_address(address: str) -> str:
    """An address as Nova keeps it: in its shortest spelling."""
    return str(ipaddress.ip_address(address)) if address else ""


def set_plain(server: Server, body: Any, given: set[str]) -> None:
    """The fields that an update and a rebuild take over as they are."""
    for name in ("access_ip_v4", "access_ip_v6"):
        if name in given:
            setattr(server, name, normal_address(getattr(body, name)))
    if "disk_config" in given:
        server.disk_config = body.disk_config


def check_metadata(metadata: Mapping[str, str]) -> None:
    """The schema of metadata (nova.api.validation.parameter_types.metadata)."""
    for key, value in metadata.items():
        if exact(METADATA_KEY).search(key) is None:
            why = f"{key!r} does not match any of the regexes: '{METADATA_KEY}'"
            raise networking.schema_refusal("metadata", dict(metadata), why)
        if len(value) > 255:
            raise networking.schema_refusal(key, value, f"{value!r} is too long")


async def check_metadata_quota(call: Call, metadata: Mapping[str, str]) -> None:
    limit = (await call.quota.limits(SERVICE, call.caller.project_id))["metadata_items"]
    if 0 <= limit < len(metadata):
        raise refusals.MetadataLimit(limit=limit)


async def check_files(call: Call, files: Sequence[Personality]) -> None:
    """The limits of personality."""
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
    """Nova decodes leniently: characters outside the alphabet are dropped, only bad padding is refused."""
    try:
        base64.b64decode(text)
    except binascii.Error:
        raise refusals.NotBase64() from None


def hostname_of(name: str, id: str) -> str:
    """nova.utils.sanitize_hostname."""
    clean = re.sub(r"[ _.]", "-", name)
    clean = re.sub(r"[^a-zA-Z0-9-]", "", clean).lower().strip("-.")
    return clean[:63] or f"Server-{id}"


# -- the parts of the check


def _check_many(plan: Plan, wanted: list[networking.Request] | str | None) -> None:
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
        root = block_devices.root_of([*block_devices.mappings_in(plan.image), *plan.mappings])
        on_volume = root is not None and root.destination == "volume"
        images.check_fits(plan.image, plan.flavor, on_volume=on_volume)


def _map_image(plan: Plan) -> bool:
    """Whether the server boots from an image: one of a volume-backed server only maps volumes.

    Clients map the image itself as the root: that mapping gives way to a root among the volumes.
    """
    if plan.image is None:
        return False
    mapped = block_devices.mappings_in(plan.image)
    if block_devices.root_of(mapped) is not None:
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
        await check_key(call, call.caller.user_id, body.key_name)


async def check_key(call: Call, user_id: str, name: str) -> None:
    try:
        await call.service(Keypairs).of_user(call, user_id, name)
    except NotFound:
        raise refusals.InvalidKeyName() from None


def check_tags(tags: Sequence[str]) -> None:
    """The schema of a tag (nova.api.validation.parameter_types.tag)."""
    for place, tag in enumerate(tags):
        why = tag_fault(tag)
        if why:
            raise networking.schema_refusal(str(place), tag, why)


def tag_fault(tag: str) -> str:
    """What is wrong with a tag; empty if nothing is."""
    if not tag:
        return f"{tag!r} should be non-empty"
    if len(tag) > 60:
        return f"{tag!r} is too long"
    return f"{tag!r} does not match '^[^,/]*$'" if "," in tag or "/" in tag else ""


async def _take_quota(call: Call, flavor: Server.FlavorEmbedded, least: int, most: int) -> int:
    """Take the units of as many servers as fit, `least` at least."""
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
    """Give back what a server takes."""
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


# -- the rows


async def make(call: Call, plan: Plan) -> list[Server]:
    """The servers of a plan, not stored yet: placed, with their ports and volumes."""
    servers = [_row(call, plan, index) for index in range(plan.count)]
    if await _place(call, plan, servers):
        for server in servers:
            await _connect(call, plan, server)
    if plan.wish.group is not None:
        for server in servers:
            await call.service(ServerGroups).join(call, plan.wish.group.id, server.id)
            server.server_groups.append(plan.wish.group.id)
    return servers


async def _place(call: Call, plan: Plan, servers: Sequence[Server]) -> bool:
    """A host for each, or for none: the scheduler answers a request as a whole."""
    taken: list[str] = []
    for server in servers:
        found = await scheduling.place(call, server, plan.wish, taken)
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


def _row(call: Call, plan: Plan, index: int) -> Server:
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
        access_ip_v4=normal_address(body.access_ip_v4),
        access_ip_v6=normal_address(body.access_ip_v6),
        config_drive="True" if body.config_drive else "",
        vm_state=Server.VM_STATE_BUILDING,
        task_state="scheduling",
        launch_index=index,
        reservation_id=plan.reservation_id,
        root_device_name="/dev/vda",
        tags=sorted(set(body.tags)),
        host_status="",
        admin_pass=body.admin_pass or call.ids.word(PASSWORD_LENGTH),
    )
    server.hostname = body.hostname or body.fqdn or (hostname_of(name, id) + (f"-{index + 1}" if many else ""))
    server.hostname_to_admin = server.hostname
    if plan.image is not None:
        server.image.id = plan.image.id
        server.image.properties.update(images.properties_of(plan.image))
    else:
        server.no_image = ""
    if body.key_name:
        server.key_name = body.key_name
    if "user_data" in plan.given:
        server.user_data = body.user_data
    _describe(call, plan, server, name)
    hints = Struct()
    hints.update(plan.wish.hints)
    server.scheduler_hints.CopyFrom(hints)
    if plan.wish.zone:
        server.pinned_availability_zone = plan.wish.zone
    if body.trusted_image_certificates:
        server.trusted_image_certificates.CopyFrom(list_value(body.trusted_image_certificates))
    return server


def _describe(call: Call, plan: Plan, server: Server, name: str) -> None:
    """Up to 2.18 a server's description is its name."""
    if not call.at_least(19):
        server.description = name
    elif plan.body.HasField("description"):
        server.description = plan.body.description


def list_value(items: Sequence[Any]) -> Value:
    value = Value()
    value.list_value.extend(list(items))
    return value


def answer(plan: Plan, servers: Sequence[Server]) -> CreateServerResponse:
    """What the create answers: the first server, or the reservation if that was asked for."""
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
