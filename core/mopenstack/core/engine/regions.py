"""Regions of a cloud: one Keystone, and resources apart by region.

The first region is the cloud itself, as it is where there is one region alone. Each further one is addressed as a cloud
of the name `CLOUD.REGION`, by paths, gRPC and the admin API alike. What it is of, it has in common with the cloud:
settings, clock, key, ids, faults, journal; its objects lie beside the cloud's (store.regions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mopenstack.contract.addresses import CLOUD_PREFIX, SEPARATOR, cloud_path
from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.core.engine.clouds import Cloud

REGIONS_MAX = 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class BadRegions(Fault):
    code = "INVALID_ARGUMENT"
    message = "{why}"


class NotOfARegion(BadRequest):
    message = "{name} is a region of the cloud {cloud}: name the cloud itself."


class Region(Cloud):
    """A further region of a cloud, as calls in it see their cloud."""

    __slots__ = ("home",)
    home: Cloud

    def __init__(self, home: Cloud, name: str) -> None:
        object.__setattr__(self, "home", home)
        object.__setattr__(self, "region", name)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "home"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.home, name, value)


def checked(names: Sequence[str]) -> list[str]:
    """Names of regions, each once; raises BadRegions."""
    if len(names) > REGIONS_MAX:
        raise BadRegions(why=f"A cloud has at most {REGIONS_MAX} regions.")
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise BadRegions(
                why=f"{name!r} cannot name a region: use letters, digits, dashes, dots and underscores, 63 at most."
            )
    if len({name.lower() for name in names}) < len(names):
        raise BadRegions(why="Each region has a name of its own; letters that differ in case alone are the same.")
    return list(names)


def check_same(cloud: Cloud, names: Sequence[str]) -> None:
    """Raise BadRegions where a cloud that is there already has other regions than are asked for."""
    if names and list(names) != (cloud.regions or [cloud.region_name]):
        known = ", ".join(cloud.regions or [cloud.region_name])
        raise BadRegions(why=f"The store's cloud {cloud.name} has the regions {known}; they cannot be changed.")


def split(name: str) -> tuple[str, str]:
    """The names of the cloud and of the region that an address means; no region: the cloud as a whole."""
    cloud, _, region = name.partition(SEPARATOR)
    return cloud, region


def home_url(url: str) -> str:
    """How a client that reached a region reaches its cloud."""
    root, _, name = url.partition(CLOUD_PREFIX)
    return root + cloud_path(split(name.replace("~", ""))[0])


def region_url(url: str, cloud: str, region: str) -> str:
    """How a client that reached a cloud reaches one of its further regions."""
    return url.partition(CLOUD_PREFIX)[0] + cloud_path(f"{cloud}{SEPARATOR}{region}")


def region_of(home: Cloud, name: str) -> Cloud | None:
    """A region of a cloud by its name; None: there is none of that name."""
    if not name or name == home.region_name:
        return home
    return Region(home, name) if name in home.regions[1:] else None


def in_region(cloud: Cloud, name: str) -> Cloud:
    """A region of the same cloud, which it must have; empty: the first one."""
    home = home_of(cloud)
    return Region(home, name) if name else home


def home_of(cloud: Cloud) -> Cloud:
    """The cloud of a region; a cloud itself is its own."""
    return cloud.home if isinstance(cloud, Region) else cloud


def whole(cloud: Cloud) -> Cloud:
    """The same cloud, which must not be a region; raises NotOfARegion."""
    if isinstance(cloud, Region):
        raise NotOfARegion(name=cloud.address, cloud=cloud.name)
    return cloud


def parts(cloud: Cloud) -> list[Cloud]:
    """What an address means: the one region that it names, or all regions of the cloud."""
    return [cloud] if cloud.region else [cloud, *further(cloud)]


def further(cloud: Cloud) -> list[Cloud]:
    """All regions of a cloud but the first."""
    home = home_of(cloud)
    return [Region(home, name) for name in home.regions[1:]]
