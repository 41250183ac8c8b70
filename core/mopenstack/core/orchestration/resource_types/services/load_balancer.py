"""Octavia: load balancers and what hangs below them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mopenstack.contract.faults import Conflict, NotFound
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import (
    Mapped,
    Ready,
    Row,
    refuse,
    soon,
    table,
    unspecified,
)
from mopenstack.core.orchestration.resource_types.services.quotas import Quota

_V2 = "mopenstack.load_balancer.v2."
_READY = Ready(frozenset({"ACTIVE"}), key="provisioning_status")
_TENANT = {"tenant_id": "project_id"}


class Balanced(Mapped):
    """An object below a load balancer: while that is busy with another one, it is tried again."""

    async def _try(self, context: Context, resource: Resource, act: Callable[[], Awaitable[Any]]) -> Any:
        try:
            async with context.call.part():
                return await act()
        except Conflict:
            resource.data["waits"] = "true"
            return None

    async def create(self, context: Context, resource: Resource) -> str | None:
        resource.data.pop("waits", None)
        made: str | None = await self._try(context, resource, lambda: Mapped.create(self, context, resource))
        return made

    async def created(self, context: Context, resource: Resource) -> float | None:
        if not resource.physical_id:
            resource.physical_id = await self.create(context, resource) or ""
            return soon(context)
        return await self.look(context, resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        resource.data.pop("waits", None)
        await self._try(context, resource, lambda: Mapped.update(self, context, resource, new, changed))
        resource.data["changed"] = ",".join(sorted(changed))

    async def updated(self, context: Context, resource: Resource) -> float | None:
        if resource.data.pop("waits", None):
            changed = frozenset(resource.data["changed"].split(","))
            new = dict(resource.properties)
            await self._try(context, resource, lambda: Mapped.update(self, context, resource, new, changed))
            return soon(context)
        left = await self.look(context, resource)
        if left is None:
            resource.data.pop("changed", None)
        return left

    async def delete(self, context: Context, resource: Resource) -> None:
        resource.data.pop("waits", None)
        await self._try(context, resource, lambda: Mapped.delete(self, context, resource))

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        if resource.data.pop("waits", None):
            await self.delete(context, resource)
            return soon(context)
        try:
            found = await self.document(context, resource)
        except NotFound:
            return None
        if found.get("provisioning_status") == "ERROR":
            raise ResourceFailure('Went to status ERROR due to "Unknown"', "ResourceInError")
        return None if found.get("provisioning_status") == "DELETED" else soon(context)


class Listener(Balanced):
    """OS::Octavia::Listener."""

    async def validate(self, context: Context, resource: Resource) -> None:
        refuse(
            resource.properties.get("protocol") == "TERMINATED_HTTPS"
            and "default_tls_container_ref" not in resource.given,
            "Property default_tls_container_ref required when protocol is TERMINATED_HTTPS.",
        )


class Pool(Balanced):
    """OS::Octavia::Pool."""

    async def validate(self, context: Context, resource: Resource) -> None:
        unspecified(resource, "listener", "loadbalancer")
        session = resource.properties.get("session_persistence") or {}
        if session.get("type") == "APP_COOKIE":
            refuse(
                not session.get("cookie_name"),
                "Property cookie_name is required when session_persistence type is set to APP_COOKIE.",
            )
        if session.get("type") == "SOURCE_IP":
            refuse(
                bool(session.get("cookie_name")),
                "Property cookie_name must NOT be specified when session_persistence type is set to SOURCE_IP.",
            )


class L7Policy(Balanced):
    """OS::Octavia::L7Policy."""

    async def validate(self, context: Context, resource: Resource) -> None:
        action = resource.properties.get("action")
        pool, url = "redirect_pool" in resource.given, "redirect_url" in resource.given
        refuse(
            action == "REJECT" and (pool or url),
            "Properties redirect_pool and redirect_url are not required when action type is set to REJECT.",
        )
        for wanted, own, other, kind in (
            ("REDIRECT_TO_POOL", "redirect_pool", "redirect_url", "REDIRECT_TO_URL"),
            ("REDIRECT_TO_URL", "redirect_url", "redirect_pool", "REDIRECT_TO_POOL"),
        ):
            if action != wanted:
                continue
            if other in resource.given:
                text = f"{other} property should only be specified for action with value {kind}."
                raise ResourceFailure(text, "ResourcePropertyValueDependency")
            refuse(own not in resource.given, f"Property {own} is required when action type is set to {wanted}.")


class L7Rule(Balanced):
    """OS::Octavia::L7Rule."""

    async def validate(self, context: Context, resource: Resource) -> None:
        refuse(
            resource.properties.get("type") in ("HEADER", "COOKIE") and "key" not in resource.given,
            "Property key is missing. This property should be specified for rules of HEADER and COOKIE types.",
        )


def _row(kind: str, service: str, noun: str, words: Mapping[str, str], above: tuple[str, ...] = ()) -> Row:
    name = f"OS::Octavia::{kind}"
    return Row(name, _V2 + service, noun, words={**_TENANT, **words}, above=above, ready=_READY)


TYPES = {
    **table(
        _row("LoadBalancer", "LoadBalancers", "LoadBalancer", {"vip_subnet": "vip_subnet_id", "flavor": "flavor_id"}),
        _row("HealthMonitor", "HealthMonitors", "HealthMonitor", {"pool": "pool_id"}),
        _row("PoolMember", "Members", "Member", {"subnet": "subnet_id"}, above=("pool",)),
        kind=Balanced,
    ),
    **table(
        _row(
            "Listener", "Listeners", "Listener", {"loadbalancer": "loadbalancer_id", "default_pool": "default_pool_id"}
        ),
        kind=Listener,
    ),
    **table(_row("Pool", "Pools", "Pool", {"loadbalancer": "loadbalancer_id", "listener": "listener_id"}), kind=Pool),
    **table(
        _row("L7Policy", "L7Policies", "L7Policy", {"listener": "listener_id", "redirect_pool": "redirect_pool_id"}),
        kind=L7Policy,
    ),
    **table(_row("L7Rule", "L7Rules", "L7Rule", {}, above=("l7policy",)), kind=L7Rule),
    **table(
        Row("OS::Octavia::Flavor", _V2 + "Flavors", "Flavor", words={"flavor_profile": "flavor_profile_id"}),
        Row("OS::Octavia::FlavorProfile", _V2 + "FlavorProfiles", "FlavorProfile"),
        Row(
            "OS::Octavia::AvailabilityZone",
            _V2 + "AvailabilityZones",
            "AvailabilityZone",
            words={"availability_zone_profile": "availability_zone_profile_id"},
            key="name",
        ),
        Row("OS::Octavia::AvailabilityZoneProfile", _V2 + "AvailabilityZoneProfiles", "AvailabilityZoneProfile"),
        kind=Mapped,
    ),
    **table(Row("OS::Octavia::Quota", _V2 + "Quotas", "Quota", above=("project",)), kind=Quota),
}
