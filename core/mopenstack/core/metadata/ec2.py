"""EC2's metadata of a guest, as a tree: folders are dictionaries.

Source: nova.api.metadata.base (get_ec2_metadata, ec2_md_print, find_path_in_tree), nova.block_device.
"""

from __future__ import annotations

from typing import Any

from mopenstack.core.metadata.guest import Guest

VERSIONS = (
    *("1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10"),
    *("2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04"),
)
LATEST = "latest"
NAME = "_name"
"""What a folder is listed as, where that is not its key."""


def tree(guest: Guest, version: str) -> dict[str, Any]:
    """`meta-data`, and `user-data` where there are any, of a version; raises KeyError for one that is none."""
    if version == LATEST:
        version = VERSIONS[-1]
    if version not in VERSIONS:
        raise KeyError(version)
    server = guest.server
    data: dict[str, Any] = {
        "ami-id": f"ami-{server.image.id[:8]}" if server.image.id else None,
        "ami-launch-index": server.launch_index,
        "ami-manifest-path": "FIX" + "ME",  # this is what Nova says
        "instance-id": "i-" + server.instance_name.rpartition("-")[2],
        "hostname": guest.hostname,
        "local-ipv4": guest.fixed_ips[0] if guest.fixed_ips else None,
        "reservation-id": server.reservation_id,
        "security-groups": guest.security_groups,
    }
    if server.key_name:
        data["public-keys"] = {"0": {NAME: f"0={server.key_name}", "openssh-key": server.public_key}}
    if version >= "2007-01-19":
        data["local-hostname"] = data["public-hostname"] = guest.hostname
        data["public-ipv4"] = guest.floating_ips[0] if guest.floating_ips else ""
    if version >= "2007-08-29":
        data["instance-type"] = server.flavor.original_name
    if version >= "2007-12-15":
        data["block-device-mapping"] = _block_devices(guest)
        if server.kernel_id:
            data["kernel-id"] = f"aki-{server.kernel_id[:8]}"
        if server.ramdisk_id:
            data["ramdisk-id"] = f"ari-{server.ramdisk_id[:8]}"
    if version >= "2008-02-01":
        data["placement"] = {"availability-zone": guest.zone}
    if version >= "2008-09-01":
        data["instance-action"] = "none"
    found: dict[str, Any] = {"meta-data": data}
    if guest.user_data is not None:
        found["user-data"] = guest.user_data
    return found


def _block_devices(guest: Guest) -> dict[str, str]:
    root = guest.server.root_device_name or "/dev/sda1"
    found = {"ami": root.removeprefix("/dev/"), "root": root}
    for number, volume in enumerate(one for one in guest.server.volumes_attached if not one.is_root):
        found[f"ebs{number}"] = volume.device
    return found


def find(data: Any, path: list[str]) -> Any:
    """What is at a path of the tree; raises KeyError."""
    for step in path:
        if not isinstance(data, dict) or step not in data:
            raise KeyError(step)
        data = data[step]
    return data


def printed(data: Any) -> bytes:
    """A value as text; a folder as the names in it, folders with a slash."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, dict):
        return "\n".join(_listed(key, data[key]) for key in sorted(data) if key != NAME).encode()
    if isinstance(data, list):
        return "\n".join(data).encode()
    return str(data).encode()


def _listed(key: str, value: Any) -> str:
    if not isinstance(value, dict):
        return key
    return str(value[NAME]) if NAME in value else f"{key}/"
