"""What servers hold of their hosts, in Placement.

After nova.scheduler.utils.ResourceRequest and nova.scheduler.client.report: a server holds its flavor's resources on
the host that was chosen for it; while it is being moved, its migration holds what it had before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mopenstack.compute.v2.hosts.hypervisors_pb2 import Hypervisor
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.engine.call import Call
from mopenstack.core.placement import groups, providers, records, search
from mopenstack.core.placement import inventory_usage as ledger
from mopenstack.core.placement.provider_filters import capacity, has_room
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1.resource_providers_pb2 import Inventory, Provider

CPU_RATIO = 4.0
"""nova.conf initial_cpu_allocation_ratio; memory and disk are not overcommitted."""
RESERVED_MEMORY_MB = 512
"""What the host keeps for itself: nova.conf reserved_host_memory_mb."""
INSTANCE, MIGRATION = "INSTANCE", "MIGRATION"

# What nova's fake.FakeDriver can, as its provider tells it (os-traits).
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
class Needs:
    """What a server needs of its host: resources and traits, and groups of them where the flavor numbers any."""

    resources: dict[str, int] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    asked: groups.Asked | None = None
    """The whole request, where one provider may not do for it."""


def needs_of(flavor: Server.FlavorEmbedded, *, on_volume: bool) -> Needs:
    """The flavor's own numbers, as its extra specs change them; a root disk on a volume takes nothing of the host."""
    disk = (0 if on_volume else flavor.disk) + flavor.ephemeral + -(-flavor.swap // 1024)
    needs = Needs({"VCPU": flavor.vcpus, "MEMORY_MB": flavor.ram, "DISK_GB": disk})
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


def needs_of_server(server: Server) -> Needs:
    return needs_of(server.flavor, on_volume=not server.HasField("image"))


# -- hosts are providers


async def register(call: Call, hypervisor: Hypervisor) -> None:
    """A hypervisor is the provider of what it has, under its own id."""
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


async def hosts(call: Call) -> dict[str, Provider]:
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
    """A host whose service is disabled says so by a trait."""
    await _switch(call, host, "traits", _DISABLED, on=disabled)


async def unregister(call: Call, host: str) -> None:
    """A compute service that is deleted takes its hypervisor and its provider along; what is below that stays."""
    for hypervisor in await call.tx.scan(Hypervisor):
        if hypervisor.service.host == host:
            await call.tx.delete(Hypervisor, hypervisor.id)
            provider = await call.tx.get(Provider, hypervisor.id)
            below = any(other.parent_id == hypervisor.id for other in await call.tx.scan(Provider))
            if provider is not None and not below and not any(provider.used.values()):
                await call.tx.delete(Provider, hypervisor.id)


async def mirror_aggregate(call: Call, host: str, aggregate: str, *, member: bool) -> None:
    """A host's membership in an aggregate of Nova is its provider's too."""
    await _switch(call, host, "aggregates", aggregate, on=member)


async def _switch(call: Call, host: str, field: str, word: str, *, on: bool) -> None:
    """Put a word on a list of the host's provider, or take it off."""
    shared = (await hosts(call)).get(host)
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


# -- room and claims


async def amounts_on(call: Call, provider: Provider, needs: Needs) -> dict[str, dict[str, int]] | None:
    """What to take of which provider of the host's tree to meet the needs; None: there is no room."""
    if needs.asked is not None:
        world = search.World(await records.all_providers(call))
        for group in needs.asked.groups.values():
            group.in_tree = provider.id
        found, _ = search.search(world, needs.asked)
        return found[0].amounts if found else None
    traits = set(provider.traits) if needs.required or needs.forbidden else set()
    if not needs.required <= traits or needs.forbidden & traits:
        return None
    if not all(has_room(provider, name, amount) for name, amount in needs.resources.items()):
        return None
    return {provider.id: needs.resources}


async def claim(call: Call, server: Server, amounts: Mapping[str, Mapping[str, int]]) -> None:
    """Give a server that holds nothing what was found for it by `amounts_on`, in the same transaction."""
    if not amounts or not any(amounts.values()):
        return
    want = ledger.Wanted(server.id, server.project_id, server.user_id, amounts, INSTANCE)
    known = {id: provider for id in amounts if (provider := await call.tx.get(Provider, id)) is not None}
    await ledger.claim(call, want, known)


async def move(call: Call, server: Server, migration: str, host: str, needs: Needs, *, keep: bool = True) -> None:
    """Claim the destination for a server; `keep`: what it had is its migration's until that is decided."""
    provider = (await hosts(call)).get(host)
    amounts = await amounts_on(call, provider, needs) if provider is not None else None
    if amounts is None:
        return
    held = await ledger.held_by(call, server.id)
    wants = [ledger.Wanted(server.id, server.project_id, server.user_id, amounts, INSTANCE)]
    if keep and held:
        wants.append(ledger.Wanted(migration, server.project_id, server.user_id, held, MIGRATION))
    await ledger.replace(call, wants)


async def settle(call: Call, server: Server, migration: str, *, moved: bool) -> None:
    """A move has ended: what was held before is free, or the server's again."""
    held = await ledger.held_by(call, migration)
    if not held:
        return
    wants: Sequence[ledger.Wanted] = [ledger.Wanted(migration, server.project_id, server.user_id)]
    if not moved:
        wants = [*wants, ledger.Wanted(server.id, server.project_id, server.user_id, held, INSTANCE)]
    await ledger.replace(call, wants)


async def release(call: Call, *consumers: str) -> None:
    """A server (and its migration) holds nothing any more."""
    for consumer in consumers:
        if consumer:
            await ledger.release(call, consumer)
