"""Quotas: units per project and resource, counted in the transaction that takes them.

A service declares its defaults and how it words a refusal (`QuotaSet`); the count is a row that concurrent
transactions must agree on, so a limit holds with many clients and many cores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mopenstack.contract.faults import Fault
from mopenstack.core.store import Transaction
from mopenstack.store.v1.store_pb2 import QuotaLimits


@dataclass(frozen=True, slots=True)
class Over:
    """What was refused: units asked for, in use before, and the limits, by resource; `resources` are too many."""

    project_id: str
    resources: tuple[str, ...]
    asked: Mapping[str, int]
    used: Mapping[str, int]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class QuotaSet:
    """A service's resources with their default limits (-1: none) and its refusal; a value of one of its modules."""

    service: str
    defaults: Mapping[str, int]
    refuse: Callable[[Over], Fault]


class Quota:
    """The quotas of one call. `service` is the Service's name: "compute", "network", ..."""

    __slots__ = ("_sets", "_tx")

    def __init__(self, tx: Transaction, sets: Mapping[str, QuotaSet]) -> None:
        self._tx, self._sets = tx, sets

    def defaults(self, service: str) -> dict[str, int]:
        """The service's limits before they were changed."""
        return dict(self._sets[service].defaults)

    async def limits(self, service: str, project_id: str) -> dict[str, int]:
        """Every resource's limit: the project's own, else the default class's, else the default."""
        limits = dict(self._sets[service].defaults)
        for key in (f"{service}/class:default", f"{service}/{project_id}"):
            kept = await self._tx.get(QuotaLimits, key)
            if kept is not None:
                limits.update(kept.limits)
        return limits

    async def set_limits(self, service: str, project_id: str, limits: Mapping[str, int | None]) -> None:
        """Give a project (or "class:default", or a part of one) limits of its own; the others stay as they are.

        None takes away the limit that was set, so that the default applies again.
        """
        key = f"{service}/{project_id}"
        kept = await self._tx.get(QuotaLimits, key)
        fresh = QuotaLimits(id=key)
        if kept is not None:
            fresh.CopyFrom(kept)
        for resource, limit in limits.items():
            if limit is None:
                fresh.limits.pop(resource, None)
            else:
                fresh.limits[resource] = limit
        await self._tx.put(fresh)

    async def own_limits(self, service: str, project_id: str) -> dict[str, int] | None:
        """The limits that were set for a project, "class:default" or a part ("<project>/user_id=<id>"); None: none."""
        kept = await self._tx.get(QuotaLimits, f"{service}/{project_id}")
        return None if kept is None else dict(kept.limits)

    async def parts(self, service: str, project_id: str) -> dict[str, dict[str, int]]:
        """The limits that were set for parts of a project, such as single users of it, by part ("user_id=<id>")."""
        prefix = f"{service}/{project_id}/"
        found = await self._tx.scan(QuotaLimits)
        return {kept.id.removeprefix(prefix): dict(kept.limits) for kept in found if kept.id.startswith(prefix)}

    async def projects(self, service: str) -> list[str]:
        """The ids of the projects with limits of their own, in order."""
        prefix = f"{service}/"
        ids = [kept.id.removeprefix(prefix) for kept in await self._tx.scan(QuotaLimits) if kept.id.startswith(prefix)]
        return sorted(id for id in ids if ":" not in id and "/" not in id)

    async def reset_limits(self, service: str, project_id: str) -> None:
        """Back to the defaults."""
        await self._tx.delete(QuotaLimits, f"{service}/{project_id}")

    async def used(self, service: str, project_id: str, resource: str) -> int:
        return await self._tx.counter(_counter(service, project_id, resource))

    async def usage(self, service: str, project_id: str) -> dict[str, int]:
        """Units in use of every resource that the service declares."""
        return {resource: await self.used(service, project_id, resource) for resource in self._sets[service].defaults}

    async def take(self, service: str, project_id: str, units: Mapping[str, int]) -> None:
        """Take units of several resources at once, or raise the service's refusal naming all that are too many."""
        limits = await self.limits(service, project_id)
        used, failed = {}, []
        for resource, asked in units.items():
            total = await self._tx.add(_counter(service, project_id, resource), asked)
            used[resource] = total - asked
            limit = limits.get(resource, -1)
            if 0 <= limit < total and asked > 0:
                failed.append(resource)
        if failed:
            for resource, asked in units.items():
                await self._tx.add(_counter(service, project_id, resource), -asked)
            raise self._sets[service].refuse(Over(project_id, tuple(sorted(failed)), dict(units), used, limits))

    async def give(self, service: str, project_id: str, units: Mapping[str, int]) -> None:
        """Give units back."""
        for resource, count in units.items():
            await self._tx.add(_counter(service, project_id, resource), -count)


def _counter(service: str, project_id: str, resource: str) -> str:
    return f"quota/{service}/{project_id}/{resource}"
