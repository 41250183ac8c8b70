"""Where a volume goes: the pools of the back ends, what they can do, and the space that they have left.

Source: cinder/scheduler/filter_scheduler.py and its default filters (availability zone, capacity,
capabilities); what the pools report is the LVM driver's, in numbers that do not change by themselves.
Space is a counter a pool, so that two creates never take the same gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.volume.base import BACKENDS, CONTROLLER
from mopenstack.core.volume.hosts.replication import reports
from mopenstack.volume.v3.hosts.services_pb2 import ServiceState
from mopenstack.volume.v3.refusals import InvalidInput
from mopenstack.volume.v3.types.types_pb2 import VolumeType

POOL_GB = 102_400
"""The size of a pool's volume group."""
IS_TRUE = "<is> True"


def _is(value: Any, wanted: str) -> bool:
    return (str(value).lower() in TRUE_WORDS) is (wanted.lower() in TRUE_WORDS)


OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "=": lambda value, wanted: float(value) >= float(wanted),
    "<in>": lambda value, wanted: wanted in str(value),
    "<is>": _is,
    "==": lambda value, wanted: float(value) == float(wanted),
    "!=": lambda value, wanted: float(value) != float(wanted),
    ">=": lambda value, wanted: float(value) >= float(wanted),
    "<=": lambda value, wanted: float(value) <= float(wanted),
    "s==": lambda value, wanted: bool(value == wanted),
    "s!=": lambda value, wanted: bool(value != wanted),
    "s<": lambda value, wanted: str(value) < wanted,
    "s<=": lambda value, wanted: str(value) <= wanted,
    "s>": lambda value, wanted: str(value) > wanted,
    "s>=": lambda value, wanted: str(value) >= wanted,
}
"""What a spec may begin with (extra_specs_ops.py)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One back end with its only pool."""

    backend: str

    @property
    def host(self) -> str:
        """What the cinder-volume service of the back end is called."""
        return f"{CONTROLLER}@{self.backend}"

    @property
    def name(self) -> str:
        return f"{self.host}#{self.backend}"

    def capabilities(self, allocated: int, *, replicates: bool) -> dict[str, Any]:
        """What the driver reports; types ask for these by their extra specs."""
        return {
            "pool_name": self.backend,
            "total_capacity_gb": POOL_GB,
            "free_capacity_gb": POOL_GB - allocated,
            "provisioned_capacity_gb": allocated,
            "reserved_percentage": 0,
            "location_info": f"LVMVolumeDriver:{CONTROLLER}:stack-volumes-{self.backend}:default:0",
            "QoS_support": False,
            "max_over_subscription_ratio": "1.0",
            "thin_provisioning_support": False,
            "thick_provisioning_support": True,
            "filter_function": None,
            "goodness_function": None,
            "multiattach": True,
            "consistencygroup_support": True,
            "consistent_group_snapshot_enabled": True,
            "consistent_group_replication_enabled": replicates,
            "group_replication_enabled": replicates,
            "replication_enabled": replicates,
            "backend_state": "up",
            "allocated_capacity_gb": allocated,
            "volume_backend_name": self.backend,
            "storage_protocol": "iSCSI",
            "vendor_name": "Open Source",
            "driver_version": "3.0.0",
        }


POOLS = tuple(Pool(name) for name in BACKENDS)


def pool_named(name: str) -> Pool | None:
    """The pool that a host is called by, with or without its pool's name."""
    return next((pool for pool in POOLS if name in (pool.name, pool.host)), None)


async def allocated(call: Call, pool: Pool) -> int:
    """The gigabytes of a pool that are taken."""
    return await call.tx.counter(_counter(pool))


async def take(call: Call, pool: Pool, gigabytes: int) -> bool:
    """Take space, or leave everything as it is and say that there is not enough."""
    total = await call.tx.add(_counter(pool), gigabytes)
    if total <= POOL_GB:
        return True
    await call.tx.add(_counter(pool), -gigabytes)
    return False


async def give(call: Call, host: str, gigabytes: int) -> None:
    """Give space back to the pool of a volume; a volume that no back end took has none."""
    pool = pool_named(host)
    if pool is not None:
        await call.tx.add(_counter(pool), -gigabytes)


async def place(call: Call, volume_type: VolumeType, gigabytes: int, host: str = "") -> str:
    """Take space for a volume of a type in the first pool that will do; its name, or "" where none will.

    `host` is where it must go: to what it is made from, or to its group.
    """
    for pool in await candidates(call, volume_type.extra_specs):
        if host in ("", pool.name, pool.host) and await take(call, pool, gigabytes):
            return pool.name
    return ""


async def candidates(call: Call, specs: Mapping[str, str]) -> list[Pool]:
    """The pools of enabled services that can do what extra specs ask for."""
    return [pool for pool in POOLS if fits(call, pool, specs) and not (await service_state(call, pool)).disabled]


async def service_state(call: Call, pool: Pool) -> ServiceState:
    """What an operator has made of the service of a pool."""
    return await call.tx.get(ServiceState, f"cinder-volume {pool.host}") or ServiceState()


async def is_frozen(call: Call, host: str) -> bool:
    """Whether an operator froze the back end that a volume is on."""
    pool = pool_named(host)
    return pool is not None and (await service_state(call, pool)).frozen


async def refuse_frozen(call: Call, host: str) -> None:
    """Nothing is made or removed on a back end that an operator froze."""
    if await is_frozen(call, host):
        raise InvalidInput(why="Modification operations are not allowed on frozen storage backends.")


def fits(call: Call, pool: Pool, specs: Mapping[str, str]) -> bool:
    """CapabilitiesFilter: every spec without a scope, or of the scope `capabilities`, must be reported."""
    reported = pool.capabilities(0, replicates=reports(call, pool.backend))
    for key, wanted in specs.items():
        scope, colon, name = key.partition(":")
        if colon and scope != "capabilities":
            continue
        name = name if colon else key
        if name not in reported or not _matches(reported[name], wanted):
            return False
    return True


def _matches(value: Any, wanted: str) -> bool:
    """cinder.scheduler.filters.extra_specs_ops.match."""
    operator_word, *words = wanted.split() or [""]
    if operator_word == "<or>":
        return value in [word for word in words if word != "<or>"]
    if operator_word not in OPERATORS:
        return bool(value == wanted)
    if value is None or not words:
        return False
    try:
        return OPERATORS[operator_word](value, words[0])
    except ValueError:
        return False


def _counter(pool: Pool) -> str:
    return f"volume/allocated/{pool.name}"
