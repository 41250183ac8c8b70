"""What a template may not say of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import refuse

_UNKNOWN = object()


async def check(context: Context, resource: Resource) -> None:
    """Raise ResourceFailure for what contradicts itself."""
    given = resource.properties
    refuse(
        given.get("user_data_format") == "SOFTWARE_CONFIG" and "deployments" in resource.metadata,
        "deployments key not allowed in resource metadata with user_data_format of SOFTWARE_CONFIG",
    )
    _block_devices(resource)
    if given.get("image") and given.get("flavor"):
        await _fits(context, given["image"], given["flavor"])
    networks = given.get("networks") or []
    for network in networks:
        _network(resource, network)
    refuse(
        any(one.get("allocate_network") for one in networks) and len(networks) != 1,
        'Property "allocate_network" can not be specified if multiple network interfaces set for server.',
    )
    if given.get("security_groups") and any(one.get("port") is not None for one in networks):
        raise _conflict("security_groups", "networks/port")
    refuse(
        bool(given.get("personality")),
        "Cannot use the personality parameter as nova no longer supports it. Use user_data instead.",
    )


def _conflict(*names: str) -> ResourceFailure:
    text = f"Cannot define the following properties at the same time: {', '.join(names)}."
    return ResourceFailure(text, "ResourcePropertyConflict")


def _network(resource: Resource, network: Mapping[str, Any]) -> None:
    net, port, subnet = network.get("network") or network.get("uuid"), network.get("port"), network.get("subnet")
    named = network.get("allocate_network")
    # What is not known before another resource is there has the value None: such an entry is not judged.
    if net is None and port is None and subnet is None and not named and any(_is_written(network)):
        refuse(
            True,
            'One of the properties "network", "port", "allocate_network" or "subnet" should be set for the specified '
            f'network of server "{resource.name}".',
        )
    refuse(
        bool(named) and len(_is_written(network)) != 1,
        'Can not specify "allocate_network" with other keys of networks at the same time.',
    )
    if network.get("fixed_ip") and port is not None:
        raise _conflict("networks/fixed_ip", "networks/port")
    refuse(
        network.get("floating_ip") is not None and net is not None and port is None and subnet is None,
        'Property "floating_ip" is not supported if only "network" is specified, because the corresponding port can '
        "not be retrieved.",
    )


def _is_written(network: Mapping[str, Any]) -> list[str]:
    return [key for key, value in network.items() if value is not None]


def _block_devices(resource: Resource) -> None:
    given = resource.properties
    old, new, image = given.get("block_device_mapping") or [], given.get("block_device_mapping_v2") or [], "image"
    if old and new:
        raise _conflict("block_device_mapping", "block_device_mapping_v2")
    bootable = image in resource.given
    for mapping in old:
        bootable = bootable or mapping.get("device_name") == "vda"
        if mapping.get("volume_id") is not None and mapping.get("snapshot_id") is not None:
            raise _conflict("volume_id", "snapshot_id")
    sources = ("volume_id", "snapshot_id", "image", "swap_size")
    devices = 1 if image in resource.given else 0
    for mapping in new:
        ephemeral = mapping.get("ephemeral_size") or mapping.get("ephemeral_format")
        told = [key for key in sources if mapping.get(key) is not None] + ([1] if ephemeral else [])
        if len(told) > 1:
            raise _conflict(*("volume_id", "snapshot_id", "image", "swap_size", "ephemeral_size", "ephemeral_format"))
        if told and told[0] in sources[:3] and not mapping.get("boot_index"):
            bootable = True
            devices += 1
        elif not told:
            bootable = True  # what it is of is not known yet
    refuse(
        not bootable and not (old or new),
        f"Neither image nor bootable volume is specified for instance {resource.name}",
    )
    refuse(bool(new) and devices > 1, f"Multiple bootable sources for instance {resource.name}.")


async def _fits(context: Context, image: str, flavor: str) -> None:
    """Whether an image is active and a flavor large enough for it."""
    try:
        image_id = await references.find(context, "glance.image", image)
        flavor_id = await references.find(context, "nova.flavor", flavor)
        found = await rpcs.call(context, "mopenstack.image.v2.Images.GetImage", [image_id])
        size = await rpcs.call(context, "mopenstack.compute.v2.Flavors.GetFlavor", [flavor_id])
    except (ResourceFailure, Fault):
        return  # it may be made by the same stack
    status = str(found.get("status"))
    refuse(status.lower() != "active", f"Image status is required to be active not {status}.")
    ram, disk = found.get("min_ram") or 0, found.get("min_disk") or 0
    refuse(size["ram"] < ram, f"Image {image} requires {ram} minimum ram. Flavor {flavor} has only {size['ram']}.")
    refuse(
        size["disk"] < disk,
        f"Image {image} requires {disk} GB minimum disk space. Flavor {flavor} has only {size['disk']} GB.",
    )
