"""OpenStack's metadata of a guest: the documents of each version.

Source: nova.api.metadata.base (RouteConfiguration, metadata_for_config_drive).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from mopenstack.core.metadata import ec2
from mopenstack.core.metadata.guest import Guest
from mopenstack.core.metadata.network_data import network_data

FOLSOM, GRIZZLY, HAVANA, LIBERTY = "2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15"
NEWTON_ONE, NEWTON_TWO, OCATA, ROCKY = "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27"
VICTORIA, EPOXY = "2020-10-14", "2025-04-04"
VERSIONS = (FOLSOM, GRIZZLY, HAVANA, LIBERTY, NEWTON_ONE, NEWTON_TWO, OCATA, ROCKY, VICTORIA, EPOXY)
LATEST = "latest"
META, NETWORK, USER = "meta_data.json", "network_data.json", "user_data"
VENDOR, VENDOR2, PASSWORD = "vendor_data.json", "vendor_data2.json", "password"
TEXT, JSON = "text/plain; charset=UTF-8", "application/json"
_SEED_BYTES = 512


class Document(NamedTuple):
    content: bytes
    content_type: str


def version_of(word: str) -> str:
    """A version by its date or `latest`; raises KeyError."""
    if word == LATEST:
        return VERSIONS[-1]
    if word not in VERSIONS:
        raise KeyError(word)
    return word


def document(guest: Guest, version: str, name: str, more: dict[str, Any] | None = None) -> Document:
    """A document of a version, or the list of them for an empty name; raises KeyError for one that is not there.

    `more` is what dynamic providers say for vendor_data2.json.
    """
    if not name:
        return Document("\n".join(names(guest, version)).encode(), TEXT)
    if name not in _SINCE or version < _SINCE[name]:
        raise KeyError(name)
    if name == META:
        return _json(meta_data(guest, version))
    if name == NETWORK:
        return Document(json.dumps(network_data(guest) or {}).encode(), TEXT)
    if name == PASSWORD:
        return Document(guest.server.guest_password.encode(), TEXT)
    if name == VENDOR:
        return _json(json.loads(guest.vendordata))
    if name == VENDOR2:
        return _json({"static": json.loads(guest.vendordata), **(more or {})})
    if guest.user_data is None:
        raise KeyError(name)
    return Document(guest.user_data, TEXT)


_SINCE = {
    META: FOLSOM,
    USER: FOLSOM,
    PASSWORD: GRIZZLY,
    VENDOR: HAVANA,
    NETWORK: FOLSOM,  # it is listed since LIBERTY
    VENDOR2: NEWTON_TWO,
}


def names(guest: Guest, version: str) -> list[str]:
    """The documents of a version, in Nova's order."""
    found = [META] + ([USER] if guest.user_data is not None else [])
    for name, since in ((PASSWORD, GRIZZLY), (VENDOR, HAVANA), (NETWORK, LIBERTY), (VENDOR2, NEWTON_TWO)):
        if version >= since:
            found.append(name)
    return found


def meta_data(guest: Guest, version: str) -> dict[str, Any]:
    """meta_data.json; its random seed is another one each time."""
    server = guest.server
    found: dict[str, Any] = {"uuid": server.id}
    if server.metadata:
        found["meta"] = dict(server.metadata)
    if server.key_name:
        found["public_keys"] = {server.key_name: server.public_key}
        found["keys"] = [{"name": server.key_name, "type": server.key_type or "ssh", "data": server.public_key}]
    found["hostname"] = guest.hostname
    found["name"] = server.name
    found["launch_index"] = server.launch_index
    found["availability_zone"] = guest.zone
    if version >= GRIZZLY:
        found["random_seed"] = base64.b64encode(os.urandom(_SEED_BYTES)).decode()
    if version >= LIBERTY:
        found["project_id"] = server.project_id
    if version >= NEWTON_ONE:
        found["devices"] = _devices(guest)
    if version >= VICTORIA:
        found["dedicated_cpus"] = []
    return found


def _devices(guest: Guest) -> list[dict[str, Any]]:
    """Interfaces and disks that have a tag."""
    found: list[dict[str, Any]] = []
    for place, interface in enumerate(guest.interfaces, 3):
        tag = guest.server.port_tags.get(interface.port.id)
        if tag:
            address = f"0000:00:{place:02x}.0"
            mac = interface.port.mac_address
            found.append({"type": "nic", "mac": mac, "bus": "pci", "address": address, "tags": [tag]})
    for volume in guest.server.volumes_attached:
        if volume.tag:
            where = {"bus": "virtio", "address": "none", "path": volume.device}
            found.append({"type": "disk", "serial": volume.id, **where, "tags": [volume.tag]})
    return found


def config_drive(guest: Guest, more: dict[str, Any] | None = None) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file of the config drive."""
    for version in (*ec2.VERSIONS, ec2.LATEST):
        data = ec2.tree(guest, version)
        if "user-data" in data:
            yield f"ec2/{version}/user-data", data["user-data"]
        meta = data["meta-data"]
        meta.get("public-keys", {}).get("0", {}).pop(ec2.NAME, None)
        yield f"ec2/{version}/meta-data.json", json.dumps(meta).encode()
    for word in (*VERSIONS, LATEST):
        version = version_of(word)
        for name in names(guest, version):
            if name != PASSWORD:
                yield f"openstack/{word}/{name}", document(guest, version, name, more).content


def _json(found: Any) -> Document:
    return Document(json.dumps(found).encode(), JSON)
