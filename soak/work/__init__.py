"""The writes of clients, and how often each is drawn. A piece of work is a function: client -> was it possible."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from soak.clients import Client
from soak.work import compute, identity, image, network, volume

Work = Callable[[Client], Awaitable[bool]]

WORK: list[tuple[Work, int]] = [
    (network.create_network, 4),
    (network.create_subnet, 6),
    (network.delete_network, 1),
    (network.create_port, 8),
    (network.delete_port, 3),
    (network.tag, 4),
    (network.create_router, 3),
    (network.add_interface, 5),
    (network.remove_interface, 2),
    (network.delete_router, 1),
    (network.create_floating_ip, 4),
    (network.associate, 5),
    (network.delete_floating_ip, 2),
    (network.create_security_group, 2),
    (network.delete_security_group, 2),
    (compute.boot, 10),
    (compute.delete, 5),
    (compute.stop_or_start, 3),
    (compute.tag, 2),
    (compute.describe, 2),
    (compute.attach_volume, 5),
    (compute.detach_volume, 3),
    (compute.attach_port, 4),
    (compute.detach_port, 3),
    (compute.snapshot, 1),
    (volume.create, 6),
    (volume.extend, 3),
    (volume.describe, 2),
    (volume.delete, 3),
    (volume.create_snapshot, 4),
    (volume.delete_snapshot, 3),
    (volume.upload, 1),
    (image.create, 4),
    (image.upload, 6),
    (image.describe, 3),
    (image.delete, 3),
    (identity.create_project, 2),
    (identity.describe_project, 2),
    (identity.set_network_quota, 2),
    (identity.set_volume_quota, 2),
    (identity.delete_project, 1),
    (identity.create_user, 2),
    (identity.enable_user, 2),
    (identity.grant, 4),
    (identity.delete_user, 1),
]
