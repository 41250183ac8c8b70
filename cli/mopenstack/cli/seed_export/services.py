"""What the other services of a cloud offer: flavors, images, networks, volume types, quotas ..."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from mopenstack.cli.seed_export.names import Item, call, item
from mopenstack.cli.seed_export.source import Source

COMPUTE, NETWORK, IMAGE, DNS = "compute", "network", "image", "dns"
VOLUME = "volume volumev3 block-storage"
VOLUME_API = "volumev3"
HOSTS_MAX = 16
PROJECTS_MAX = 200
"""Of more projects the quotas are not asked for."""
HOST = {
    "hypervisor_hostname": "compute-1", "hypervisor_type": "QEMU", "hypervisor_version": 8002002,
    "host_ip": "127.0.0.1", "vcpus": 1000, "memory_mb": 800000, "local_gb": 600000,
}  # fmt: skip
"""The compute host of a cloud that does not show its own."""
IMAGES = ("sort=created_at:asc", "visibility=community", "os_hidden=true")
"""Lists that show all images together."""
STAND_IN_BYTES = 1024
WITHOUT_HEAD = {"raw", "ami", "ari", "aki", "ploop"}
"""Formats whose bytes may be anything."""


def compute(source: Source) -> Iterator[Item]:
    """Compute hosts and their zones, and flavors with their extra specs and the projects that may use them."""
    project = source.project_id
    hosts = source.list(COMPUTE, "/v2.1/os-hypervisors/detail", "hypervisors", "2.87") or [HOST]
    for service in source.list(COMPUTE, "/v2.1/os-services", "services") or ():
        if service["binary"] != "nova-compute":
            yield item(COMPUTE, "RegisterService", {"host": service["host"], "binary": service["binary"]})
    for host in hosts[:HOSTS_MAX]:
        cpu = host.get("cpu_info") or {}
        shown = {key: host[key] for key in (*HOST, "id") if host.get(key) is not None}
        text = cpu if isinstance(cpu, str) else json.dumps(cpu, sort_keys=True)
        yield item(COMPUTE, "RegisterHypervisor", {"hypervisor": {**shown, "cpu_info_text": text}})
    names = {host["hypervisor_hostname"] for host in hosts[:HOSTS_MAX]}
    names |= {(host.get("service") or {}).get("host") for host in hosts[:HOSTS_MAX]}
    for number, aggregate in enumerate(source.list(COMPUTE, "/v2.1/os-aggregates", "aggregates", "2.41") or (), 1):
        yield from _aggregate(aggregate, f"aggregate_{number}", names, project)
    for flavor in source.list(COMPUTE, "/v2.1/flavors/detail?is_public=None", "flavors", "2.61") or ():
        yield from _flavor(source, flavor, project)


def _aggregate(aggregate: Any, word: str, hosts: set[Any], project: str) -> Iterator[Item]:
    yield call(COMPUTE, "CreateAggregate", "aggregate", aggregate, id=aggregate.get("uuid"), project=project, keep=word)
    id = f"${{{word}.number}}"
    for host in aggregate.get("hosts") or ():
        if host in hosts:
            yield item(COMPUTE, "AddAggregateHost", {"aggregate_id": id, "add_host": {"host": host}}, project=project)
    metadata = {key: value for key, value in (aggregate.get("metadata") or {}).items() if key != "availability_zone"}
    if metadata:
        request = {"aggregate_id": id, "set_metadata": {"metadata": metadata}}
        yield item(COMPUTE, "SetAggregateMetadata", request, project=project)


def _flavor(source: Source, flavor: Any, project: str) -> Iterator[Item]:
    yield call(COMPUTE, "CreateFlavor", "flavor", {**flavor, "swap": flavor.get("swap") or 0}, project=project)
    specs = flavor.get("extra_specs")
    if specs is None:
        found = source.get(COMPUTE, f"/v2.1/flavors/{flavor['id']}/os-extra_specs") or {}
        specs = found.get("extra_specs")
    if specs:
        request = {"flavor_id": flavor["id"], "extra_specs": specs}
        yield item(COMPUTE, "CreateFlavorExtraSpecs", request, project=project)
    if not flavor.get("os-flavor-access:is_public", True):
        path = f"/v2.1/flavors/{flavor['id']}/os-flavor-access"
        for access in source.list(COMPUTE, path, "flavor_access") or ():
            request = {"flavor_id": flavor["id"], "access": {"tenant": access["tenant_id"]}}
            yield item(COMPUTE, "AddTenantAccess", request, project=project)


def image(source: Source) -> Iterator[Item]:
    """Images, with some bytes of their format in the place of their own, and definitions of metadata."""
    images = {one["id"]: one for query in IMAGES for one in source.list(IMAGE, f"/v2/images?{query}", "images") or ()}
    for shown in sorted(images.values(), key=lambda one: str(one.get("created_at"))):
        without = ("file", "schema", "self", "stores", "direct_url", "locations", "size", "status")
        owner = shown.get("owner")
        about = {"project": owner, "user": source.token["user"]["id"]}
        yield call(IMAGE, "CreateImage", "image", shown, without=without, **about)
        if shown.get("status") != "active":
            continue
        head = _head(shown)
        if head is None:
            form = shown.get("disk_format")
            source.notes.append(f"image: {shown['id']} is queued in the seed: there are no bytes of {form} here")
            continue
        given = {"size": max(STAND_IN_BYTES, len(head)), **({"head": head.hex()} if head else {})}
        yield item(IMAGE, "UploadImageData", {"image_id": shown["id"]}, bytes=given, **about)
    for namespace in reversed(source.list(IMAGE, "/v2/metadefs/namespaces?limit=1000", "namespaces") or []):
        found = source.get(IMAGE, f"/v2/metadefs/namespaces/{namespace['namespace']}")
        if found:
            about = {"project": source.project_id, "user": source.token["user"]["id"]}
            yield call(IMAGE, "CreateMetadefNamespace", "document", found, without=("schema", "self"), **about)


def _head(shown: Any) -> bytes | None:
    """The head of an image's stand-in; None where there is none for its format."""
    if shown.get("disk_format") in WITHOUT_HEAD:
        return b""
    if shown.get("disk_format") != "qcow2":
        return None
    size = int(shown.get("virtual_size") or 1 << 30)
    # magic, version 3, no backing file, 64 KiB clusters, disk size, no encryption, tables, features, header's length
    head = struct.pack(">4sIQIIQIIQ", b"QFI\xfb", 3, 0, 0, 16, size, 0, 2, 3 << 16)
    return head + struct.pack(">QIIQQQQII", 1 << 16, 1, 0, 0, 0, 0, 0, 4, 104)


def volume(source: Source) -> Iterator[Item]:
    """Volume types with their extra specs and the projects that may use them, and group types."""
    project = source.project_id
    for shown in reversed(source.list(VOLUME, f"/v3/{project}/types?is_public=None", "volume_types") or []):
        public = shown.get("os-volume-type-access:is_public", shown.get("is_public", True))
        document = {**shown, "os-volume-type-access:is_public": public}
        yield call(VOLUME_API, "CreateType", "volume_type", document, id=shown["id"])
        if not public:
            path = f"/v3/{project}/types/{shown['id']}/os-volume-type-access"
            for access in source.list(VOLUME, path, "volume_type_access") or ():
                request = {"type_id": shown["id"], "access": {"project": access["project_id"]}}
                yield item(VOLUME_API, "AddTypeAccess", request, project=project)
    groups = source.list(VOLUME, f"/v3/{project}/group_types?is_public=None", "group_types", "3.11") or []
    for shown in reversed(groups):  # the newest comes first, here too
        yield call(VOLUME_API, "CreateGroupType", "group_type", shown, id=shown["id"])


def dns(source: Source) -> Iterator[Item]:
    """The pools that zones are on."""
    about = {"project": source.project_id, "user": source.token["user"]["id"]}
    for pool in source.list(DNS, "/v2/pools", "pools") or [{"name": "default", "ns_records": [_NAME_SERVER]}]:
        yield call(DNS, "CreatePool", "pool", pool, id=pool.get("id"), without=("project_id",), **about)


_NAME_SERVER = {"hostname": "ns1.example.org.", "priority": 1}


def quotas(source: Source) -> Iterator[Item]:
    """Limits of projects that are not the defaults."""
    projects = [one["id"] for one in source.list("identity", "/v3/projects", "projects") or ()]
    if len(projects) > PROJECTS_MAX:
        source.notes.append(f"identity: quotas are left out: there are {len(projects)} projects")
        return
    own = source.project_id
    for project in projects or [own]:
        for service, path, key, method, word in (
            (COMPUTE, "/v2.1/os-quota-sets/{}", "quota_set", "UpdateQuotaSet", "project_id"),
            (NETWORK, "/v2.0/quotas/{}", "quota", "UpdateQuota", "project_id"),
            (VOLUME, f"/v3/{own}/os-quota-sets/{{}}", "quota_set", "UpdateQuotaSet", "quota_project_id"),
        ):
            given = _limits(source, service, path.format(project), key)
            suffix = "/default" if service == NETWORK else "/defaults"
            usual = _limits(source, service, path.format(project) + suffix, key)
            other = {name: value for name, value in given.items() if usual.get(name, value) != value}
            if other:
                api = service if service != VOLUME else VOLUME_API
                if api == VOLUME_API:
                    yield item(api, method, {word: project, key: other}, project=own)
                else:
                    made = call(api, method, key, other, project=own)
                    yield {**made, "request": {word: project, **made["request"]}}


def _limits(source: Source, service: str, path: str, key: str) -> dict[str, int]:
    found = (source.get(service, path) or {}).get(key) or {}
    return {name: value for name, value in found.items() if isinstance(value, int)}
