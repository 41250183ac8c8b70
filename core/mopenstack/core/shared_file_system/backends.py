"""The back ends: what DevStack sets up with Manila's dummy driver, and how the scheduler chooses among them.

Source: manila/tests/share/drivers/dummy.py, manila/scheduler/filters; DevStack's alpha, beta, gamma and delta.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS, TRUE_WORDS
from mopenstack.core.engine.options import Option
from mopenstack.core.shared_file_system.base import CONTROLLER, ZONE
from mopenstack.shared_file_system.v2.services.services_pb2 import ServiceRecord
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

CAPACITY = 1230.0
"""GiB of each pool."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A back end with its one pool."""

    name: str
    serves: bool
    """Whether the driver makes share servers."""

    @property
    def host(self) -> str:
        return f"{CONTROLLER}@{self.name}"

    @property
    def pool_name(self) -> str:
        return f"fake_pool_for_{self.name.upper()}"

    @property
    def pool(self) -> str:
        return f"{self.host}#{self.pool_name}"

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the driver tells the scheduler, but for the space that is left."""
        return {
            "pool_name": self.pool_name,
            "total_capacity_gb": CAPACITY,
            "free_capacity_gb": CAPACITY,
            "reserved_percentage": 0,
            "reserved_snapshot_percentage": 0,
            "reserved_share_extend_percentage": 0,
            "replication_type": "readable",
            "share_backend_name": self.name.upper(),
            "storage_protocol": "NFS_CIFS",
            "vendor_name": "Open Source",
            "driver_version": "1.0",
            "driver_handles_share_servers": self.serves,
            "snapshot_support": True,
            "create_share_from_snapshot_support": True,
            "revert_to_snapshot_support": True,
            "mount_snapshot_support": True,
            "dedupe": False,
            "compression": False,
            "replication_domain": "DUMMY_DOMAIN_2" if self.serves else "DUMMY_DOMAIN",
            "sg_consistent_snapshot_support": "pool",
            "security_service_update_support": True,
            "network_allocation_update_support": True,
            "share_server_multiple_subnet_support": True,
            "share_replicas_migration_support": True,
            "encryption_support": ["share_server"],
            "qos_type_support": True,
            "mount_point_name_support": True,
            "ipv4_support": True,
            "ipv6_support": False,
        }


BACKENDS = (Backend("alpha", True), Backend("beta", True), Backend("gamma", False), Backend("delta", False))
KNOWN_PROTOCOLS = ("NFS", "CIFS", "CEPHFS", "GLUSTERFS", "HDFS", "MAPRFS")
"""manila.conf's enabled_share_protocols."""
PROTOCOLS = ("NFS", "CIFS")
"""What the driver exports, and nothing else, unless the option says so."""
APPLIED = {("NFS", "ip"), ("CIFS", "user")}
"""(protocol, type) of the access rules that the driver applies."""
DRIVER = Option(
    "shared_file_system.driver",
    "dummy",
    "Manila's dummy driver exports NFS and CIFS, with rules for addresses and users; `any` exports every protocol.",
    ("dummy", "any"),
)


def exports(call: Call, protocol: str) -> bool:
    """Whether the back ends export a protocol."""
    return protocol in PROTOCOLS or (protocol in KNOWN_PROTOCOLS and call.cloud.option(DRIVER) == "any")


def applies(call: Call, protocol: str, access_type: str) -> bool:
    """Whether the back ends apply a rule; another one ends in error."""
    return (protocol, access_type) in APPLIED or call.cloud.option(DRIVER) == "any"


def backend_of(host: str) -> Backend | None:
    """The back end that a host, with or without a pool, is of."""
    return next((one for one in BACKENDS if host.partition("#")[0] == one.host), None)


async def is_up(call: Call, backend: Backend) -> bool:
    """Whether the service of a back end is enabled."""
    record = await call.tx.get(ServiceRecord, f"manila-share {backend.host}")
    return record is None or not record.disabled


async def used_on(call: Call, backend: Backend) -> int:
    """GiB of the shares of a back end."""
    shares = await call.tx.scan(Share)
    sizes = {one.id: one.size for one in shares}
    others = [one for one in await call.tx.scan(ShareInstance) if not one.main and one.host == backend.pool]
    own = sum(one.size for one in shares if one.host == backend.pool)
    return own + sum(sizes.get(one.share_id, 0) for one in others)


def fits(backend: Backend, specs: Mapping[str, str]) -> bool:
    """Whether a back end has what extra specs ask for; those of a scope of their own are not looked at."""
    capabilities = backend.capabilities
    for name, value in specs.items():
        key = name.removeprefix("capabilities:")
        if ":" in key or key in ("availability_zones", "default_qos_type"):
            continue
        if key not in capabilities:
            return False
        if not _agrees(capabilities[key], value):
            return False
    return True


def _agrees(has: Any, wanted: str) -> bool:
    """Whether a capability is what an extra spec says: true, a word, or one of several."""
    word = wanted.removeprefix("<is>").strip()
    if isinstance(has, list):
        return word in has
    if isinstance(has, bool):
        return (word.lower() in TRUE_WORDS) == has if word.lower() in (TRUE_WORDS | FALSE_WORDS) else False
    return str(has) == word


async def choose(
    call: Call, specs: Mapping[str, str], size: int, *, zones: Iterable[str] = (), without: Iterable[str] = ()
) -> Backend | None:
    """The back end with most room of those that an object of the extra specs fits on; None: there is none."""
    zones, without = list(zones), set(without)
    if zones and ZONE not in zones:
        return None
    found = []
    for place, backend in enumerate(BACKENDS):
        if backend.pool in without or not fits(backend, specs) or not await is_up(call, backend):
            continue
        free = CAPACITY - await used_on(call, backend)
        if free >= size:
            found.append((-free, place, backend))
    return min(found)[2] if found else None
