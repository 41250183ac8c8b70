"""What the other services have of what a request names: asked for in the caller's name.

Source: magnum/api/attr_validator.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from mopenstack.compute.v2.flavors.flavors_pb2 import Flavor
from mopenstack.compute.v2.keypairs_pb2 import GetKeypairRequest
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.contract.faults import Forbidden, NotFound
from mopenstack.contract.v1.common_pb2 import Query
from mopenstack.core.container_infra.base import boot_volume_size, is_uuid
from mopenstack.core.engine.call import Call
from mopenstack.image.v2.images.images_pb2 import GetImageRequest, Image, ListImagesRequest
from mopenstack.network.v2.core.networks_pb2 import ListNetworksRequest
from mopenstack.network.v2.core.subnets_pb2 import ListSubnetsRequest

NETWORKS, SUBNETS = "mopenstack.network.v2.Networks.ListNetworks", "mopenstack.network.v2.Subnets.ListSubnets"
IMAGES = "mopenstack.image.v2.Images"
KEYPAIR = "mopenstack.compute.v2.Keypairs.GetKeypair"


async def image(call: Call, ident: str) -> Image:
    """An image that says its operating system; raises Magnum's refusals."""
    found = await _image(call, ident)
    if not found.properties.get("os_distro"):
        raise refusals.OsDistroFieldNotFound(image_id=ident)
    return found


async def image_properties(call: Call, ident: str) -> Mapping[str, str]:
    """The properties of an image; none of one that cannot be had."""
    try:
        return (await _image(call, ident)).properties
    except (refusals.ImageNotFound, refusals.ImageNotAuthorized, refusals.AmbiguousName):
        return {}


async def _image(call: Call, ident: str) -> Image:
    try:
        if is_uuid(ident):
            shown: Image = await call.invoke(f"{IMAGES}.GetImage", GetImageRequest(image_id=ident))
            return shown
        query = _query(name=ident)
        found = (await call.invoke(f"{IMAGES}.ListImages", ListImagesRequest(query=query))).items
    except NotFound:
        raise refusals.ImageNotFound(image_id=ident) from None
    except Forbidden:
        raise refusals.ImageNotAuthorized(image_id=ident) from None
    if not found:
        raise refusals.ImageNotFound(image_id=ident)
    if len(found) > 1:
        raise refusals.AmbiguousName(
            message=f"Multiple images exist with same name {ident}. Please use the resource id instead."
        )
    return found[0]  # type: ignore[no-any-return]


async def flavor(call: Call, ident: str) -> Flavor:
    """A flavor by its id or name; raises FlavorNotFound."""
    servicer = call.other_owner_of("flavor")
    one = await call.tx.get(Flavor, ident)
    named = [] if one is not None else await call.tx.query(Flavor, name=ident)
    for found in [one] if one is not None else named:
        if servicer.visible(call, found):
            return found
    raise refusals.FlavorNotFound(flavor=ident)


async def keypair(call: Call, name: str) -> None:
    """Refuse a key pair that the caller does not have."""
    try:
        await call.invoke(KEYPAIR, GetKeypairRequest(name=name))
    except NotFound:
        raise refusals.KeyPairNotFound(keypair=name) from None


async def external_network(call: Call, ident: str) -> None:
    """Refuse a network that is not there, or not external."""
    count = await _count(call, NETWORKS, ListNetworksRequest, ident, **{"router:external": "True"})
    if not count:
        raise refusals.ExternalNetworkNotFound(network=ident)
    _one(count, "external networks", "external network", ident)


async def fixed_network(call: Call, ident: str) -> None:
    """Refuse a network that is not there."""
    count = await _count(call, NETWORKS, ListNetworksRequest, ident)
    if not count:
        raise refusals.FixedNetworkNotFound(network=ident)
    _one(count, "networks", "network", ident)


async def fixed_subnet(call: Call, ident: str) -> None:
    """Refuse a subnet that is not there."""
    count = await _count(call, SUBNETS, ListSubnetsRequest, ident)
    if not count:
        raise refusals.FixedSubnetNotFound(subnet=ident)
    _one(count, "subnets", "subnet", ident)


def _one(count: int, several: str, one: str, name: str) -> None:
    if count > 1:
        raise refusals.AmbiguousName(
            message=f"Multiple {several} exist with same name '{name}'. Please use the {one} ID instead."
        )


async def _count(call: Call, operation: str, request: type[Any], ident: str, **filters: str) -> int:
    """How many there are of an id or name that the caller may see."""
    found: set[str] = set()
    for key in ("id", "name"):
        page = await call.invoke(operation, request(query=_query(**{key: ident}, **filters)))
        found |= {item.id for item in page.items}
    return len(found)


def _query(**filters: str) -> Query:
    return Query(filters=[Query.Filter(key=key, values=[value]) for key, value in filters.items()])


async def check_resources(call: Call, template: ClusterTemplate, cluster: Cluster | None = None) -> None:
    """Refuse what the other services do not have; a cluster's own values stand for those of its template.

    Source: validate_os_resources, in the order of its `validators`.
    """
    await image(call, template.image_id)
    for name in ("flavor_id", "master_flavor_id"):
        ident = value_of(cluster, name) or value_of(template, name)
        if ident is not None:
            await flavor(call, ident)
    if template.HasField("external_network_id"):
        await external_network(call, template.external_network_id)
    network = value_of(cluster, "fixed_network") or value_of(template, "fixed_network")
    if network is not None:
        await fixed_network(call, network)
    subnet = value_of(cluster, "fixed_subnet") or value_of(template, "fixed_subnet")
    if subnet is not None:
        await fixed_subnet(call, subnet)
    if cluster is not None and cluster.HasField("keypair"):
        await keypair(call, cluster.keypair)


async def check_root_volume(call: Call, labels: Mapping[str, str], *flavors: str | None) -> None:
    """Refuse nodes that have nowhere to boot from (validate_flavor_root_volume_size)."""
    size = boot_volume_size(labels)
    for ident in flavors:
        if size > 0:
            return
        if ident is None:
            raise refusals.FlavorNotFound(flavor=ident)
        if (await flavor(call, ident)).disk == 0 and size == 0:
            raise refusals.FlavorZeroRootVolumeNotSupported()


def value_of(message: Message | None, name: str) -> str | None:
    """An optional text; None where it is not set."""
    return getattr(message, name) if message is not None and message.HasField(name) else None


def check_name_servers(text: str) -> None:
    """Refuse a list with commas that has something else than addresses in it (magnum.common.utils.validate_dns)."""
    for part in text.split(","):
        try:
            ipaddress.IPv4Address(part.strip())
        except ValueError:
            raise refusals.InvalidDns(dns=text) from None
