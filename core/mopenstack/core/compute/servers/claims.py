"""The allocations of servers in Placement.

After nova.scheduler.utils.ResourceRequest and nova.scheduler.client.report: a server has its flavor's resources on
the host that was selected for it; while it is being moved, its migration has the allocations that it had before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mopenstack.compute.v2.hosts.hypervisors_pb2 import Hypervisor
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.engine.call import Call
from mopenstack.core.placement import groups, inventory_usage, providers, records, search
from mopenstack.core.placement.provider_filters import capacity, has_room
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1.resource_providers_pb2 import Inventory, Provider

CPU_RATIO = 4.0
"""nova.conf initial_cpu_allocation_ratio; memory and disk are not overcommitted."""
RESERVED_MEMORY_MB = 512
"""nova.conf reserved_host_memory_mb"""
INSTANCE, MIGRATION = "INSTANCE", "MIGRATION"

# The capabilities of nova's fake.FakeDriver (os-traits).
_COMPUTE_TRAITS = (
    "COMPUTE_ACCELERATORS",
    "COMPUTE_ADDRESS_SPACE_EMULATED",
    "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    "COMPUTE_DEVICE_TAGGING",
    "COMPUTE_IMAGE_TYPE_RAW",
    "COMPUTE_MEM_BACKING_FILE",
    "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG",
    "COMPUTE_NODE",
    "COMPUTE_SECURITY_STATELESS_FIRMWARE",
    "COMPUTE_STORAGE_VIRTIO_FS",
    "COMPUTE_TRUSTED_CERTS",
    "COMPUTE_VOLUME_ATTACH_WITH_TAG",
    "COMPUTE_VOLUME_EXTEND",
    "COMPUTE_VOLUME_MULTI_ATTACH",
)
_DISABLED = "COMPUTE_STATUS_DISABLED"
_SPEC = re.compile(r"(resources|trait)([a-zA-Z0-9_-]{1,64})?:([A-Z0-9_]+)")


@dataclass(slots=True)
class ResourceRequest:
    """What a server needs of its host: resources and traits, and numbered groups of them where the flavor has any."""

    resources: dict[str, int] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    asked: groups.Asked | None = None
    """The whole request, if it has numbered groups: several providers of the host may serve it."""


def request_of(flavor: Server.FlavorEmbedded, *, on_volume: bool) -> ResourceRequest:
    """The flavor's resources, changed by its extra specs; a root disk on a volume takes no disk of the host."""
    disk = (0 if on_volume else flavor.disk) + flavor.ephemeral + -(-flavor.swap // 1024)
    needs = ResourceRequest({"VCPU": flavor.vcpus, "MEMORY_MB": flavor.ram, "DISK_GB": disk})
    granular: dict[str, groups.Group] = {}
    for key, value in flavor.extra_specs.items():
        match = _SPEC.fullmatch(key) if key.startswith(("resources", "trait")) else None
        if match is None:
            continue
        kind, suffix, name = match[1], match[2] or "", match[3]
        group = granular.setdefault(suffix, groups.Group(suffix)) if suffix else None
        if kind == "resources" and value.isdecimal():
            (needs.resources if group is None else group.resources)[name] = int(value)
        elif kind == "trait" and value in ("required", "forbidden"):
            required = needs.required if group is None else set()
            forbidden = needs.forbidden if group is None else group.qualities.forbidden
            (required if value == "required" else forbidden).add(name)
            if group is not None:
                group.qualities.required += [{name} for name in required]
    needs.resources = {name: amount for name, amount in needs.resources.items() if amount}
    if granular:
        own = groups.Group("", needs.resources)
        own.qualities.required, own.qualities.forbidden = [{name} for name in needs.required], needs.forbidden
        needs.asked = groups.Asked({"": own, **granular}, isolate=flavor.extra_specs.get("group_policy") == "isolate")
    return needs


def request_of_server(server: Server) -> ResourceRequest:
    return request_of(server.flavor, on_volume=not server.HasField("image"))


# -- a host is a resource provider


async def register(call: Call, hypervisor: Hypervisor) -> None:
    """Create the resource provider of a hypervisor, with the same id, its inventories and traits."""
    provider = await providers.create(call, hypervisor.hypervisor_hostname, hypervisor.id)
    has = {"VCPU": hypervisor.vcpus, "MEMORY_MB": hypervisor.memory_mb, "DISK_GB": hypervisor.local_gb}
    for name, total in has.items():
        inventory = Inventory(total=total, min_unit=1, max_unit=total, step_size=1, allocation_ratio=1.0)
        if name == "VCPU":
            inventory.allocation_ratio = CPU_RATIO
        if name == "MEMORY_MB":
            inventory.reserved = min(RESERVED_MEMORY_MB, total)
        if total:
            provider.inventories[name].CopyFrom(inventory)
    provider.traits.extend(_COMPUTE_TRAITS)
    await records.save(call, provider)


async def host_providers(call: Call) -> dict[str, Provider]:
    """Host -> its provider. Shared: never change them."""
    found = {}
    for hypervisor in await call.tx.scan(Hypervisor):
        provider = await call.tx.get(Provider, hypervisor.id)
        if provider is not None:
            found[hypervisor.service.host] = provider
    return found


async def used_of(call: Call, hypervisor_id: str) -> Mapping[str, int]:
    """Resource class -> amount in use of a hypervisor."""
    provider = await call.tx.get(Provider, hypervisor_id)
    return provider.used if provider is not None else {}


async def mark_disabled(call: Call, host: str, *, disabled: bool) -> None:
    """Set or remove the trait of a host whose compute service is disabled."""
    await _set_member(call, host, "traits", _DISABLED, on=disabled)


async def unregister(call: Call, host: str) -> None:
    """Delete the hypervisor of a compute service, and its provider if that has no children and allocations."""
    for hypervisor in await call.tx.scan(Hypervisor):
        if hypervisor.service.host == host:
            await call.tx.delete(Hypervisor, hypervisor.id)
            provider = await call.tx.get(Provider, hypervisor.id)
            below = any(other.parent_id == hypervisor.id for other in await call.tx.scan(Provider))
            if provider is not None and not below and not any(provider.used.values()):
                await call.tx.delete(Provider, hypervisor.id)


async def mirror_aggregate(call: Call, host: str, aggregate: str, *, member: bool) -> None:
    """Add a host's provider to the aggregate of Placement that mirrors one of Nova, or remove it."""
    await _set_member(call, host, "aggregates", aggregate, on=member)


async def _set_member(call: Call, host: str, field: str, word: str, *, on: bool) -> None:
    """Add a word to a list of the host's provider, or remove it."""
    shared = (await host_providers(call)).get(host)
    if shared is None or (word in getattr(shared, field)) == on:
        return
    provider = copy_of(shared)
    words = getattr(provider, field)
    (words.append if on else words.remove)(word)
    await records.save(call, provider)


def free_memory(provider: Provider) -> float:
    if "MEMORY_MB" not in provider.inventories:
        return 0.0
    return capacity(provider.inventories["MEMORY_MB"]) - provider.used.get("MEMORY_MB", 0)


# -- allocations


async def amounts_on(call: Call, provider: Provider, needs: ResourceRequest) -> dict[str, dict[str, int]] | None:
    """Provider of the host's tree -> amounts of its resources that meet the request; None: there is no room."""
    if needs.asked is not None:
        trees = search.ProviderTrees(await records.all_providers(call))
        needs.asked.limit = 1
        for group in needs.asked.groups.values():
            group.in_tree = provider.id
        found, _ = search.search(trees, needs.asked)
        return found[0].amounts if found else None
    traits = set(provider.traits) if needs.required or needs.forbidden else set()
    if not needs.required <= traits or needs.forbidden & traits:
        return None
    if not all(has_room(provider, name, amount) for name, amount in needs.resources.items()):
        return None
    return {provider.id: needs.resources}


async def claim(call: Call, server: Server, amounts: Mapping[str, Mapping[str, int]]) -> None:
    """Allocate what `amounts_on` found, to a server without allocations, in the same transaction."""
    if not amounts or not any(amounts.values()):
        return
    want = inventory_usage.Wanted(server.id, server.project_id, server.user_id, amounts, INSTANCE)
    known = {id: provider for id in amounts if (provider := await call.tx.get(Provider, id)) is not None}
    await inventory_usage.claim(call, want, known)


async def move(
    call: Call, server: Server, migration: str, host: str, needs: ResourceRequest, *, keep: bool = True
) -> None:
    """Allocate a move's destination to a server; `keep`: until the move ends its migration has the old ones."""
    provider = (await host_providers(call)).get(host)
    amounts = await amounts_on(call, provider, needs) if provider is not None else None
    if amounts is None:
        return
    held = await inventory_usage.held_by(call, server.id)
    wants = [inventory_usage.Wanted(server.id, server.project_id, server.user_id, amounts, INSTANCE)]
    if keep and held:
        wants.append(inventory_usage.Wanted(migration, server.project_id, server.user_id, held, MIGRATION))
    await inventory_usage.replace(call, wants)


async def settle(call: Call, server: Server, migration: str, *, moved: bool) -> None:
    """A move has ended: the old allocations are removed, or the server's again."""
    held = await inventory_usage.held_by(call, migration)
    if not held:
        return
    wants: Sequence[inventory_usage.Wanted] = [inventory_usage.Wanted(migration, server.project_id, server.user_id)]
    if not moved:
        wants = [*wants, inventory_usage.Wanted(server.id, server.project_id, server.user_id, held, INSTANCE)]
    await inventory_usage.replace(call, wants)


async def release(call: Call, *consumers: str) -> None:
    """Remove the allocations of servers and migrations."""
    for consumer in consumers:
        if consumer:
            await inventory_usage.release(call, consumer)
