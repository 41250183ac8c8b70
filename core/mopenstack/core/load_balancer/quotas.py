"""Quotas. After octavia.api.v2.controllers.quotas and octavia.db.repositories (QuotasRepository, check_quota_met)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mopenstack.contract.faults import Fault, PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.listing import listing
from mopenstack.core.engine.policy import check_in
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.quota_sets import UNLIMITED, QuotaSetRules
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.load_balancer.base import asked_project
from mopenstack.load_balancer.v2 import quotas_pb2 as pb
from mopenstack.load_balancer.v2 import refusals

SERVICE, PACKAGE = "load_balancer", "mopenstack.load_balancer.v2"
PAGE_MAX = 1000
"""octavia.conf, [api_settings] pagination_max_limit."""
TITLES: Mapping[str, str] = {
    "load_balancer": "Load Balancer",
    "listener": "Listener",
    "member": "Member",
    "pool": "Pool",
    "health_monitor": "Health Monitor",
    "l7policy": "L7 Policy",
    "l7rule": "L7 Rule",
}
"""Resource -> what a refusal calls it."""
ALIASES: Mapping[str, str] = {"loadbalancer": "load_balancer", "healthmonitor": "health_monitor"}
"""Key of a request -> the resource that it means, before that key itself."""


def _refuse(over: Over) -> Fault:
    return refusals.QuotaMet(resource=TITLES[over.resources[0]])


QUOTAS = QuotaSet(SERVICE, dict.fromkeys(TITLES, UNLIMITED), _refuse)


def _read(request: pb.UpdateQuotaRequest, resources: Collection[str]) -> dict[str, int | None]:
    """The given limits; null is None."""
    _, given = envelope(request)
    limits = {name: getattr(request.quota, name) if request.quota.HasField(name) else None for name in given}
    meant = {resource: limits.pop(alias) for alias, resource in ALIASES.items() if alias in limits}
    return {**limits, **meant}


QUOTA_SETS = QuotaSetRules(SERVICE, read=_read)


class Quotas(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def list_quotas(self, call: Call, request: pb.ListQuotasRequest) -> Result:
        query, known = request.query, listing(pb.OwnQuota)
        for order in query.sort:
            if order.key not in known.sortable():
                raise refusals.InvalidSortKey(key=order.key)
        project_id = _project(call, asked_project(query))
        found = [await _own(call, id) for id in await call.quota.projects(SERVICE) if project_id in ("", id)]
        for item in query.filters:
            test = known.filter(item.key, item.values)
            if test is None:
                raise refusals.InvalidFilterArgument()
            found = [own for own in found if test(own)]
        return known.page(found, query, PAGE_MAX, lambda marker: refusals.InvalidMarker(key=marker))

    async def get_quota_defaults(self, call: Call, request: pb.GetQuotaDefaultsRequest) -> Result:
        return pb.Quota(**await call.quota.limits(SERVICE, "class:default"))

    async def delete_quota(self, call: Call, request: pb.DeleteQuotaRequest) -> Result:
        if await call.quota.own_limits(SERVICE, request.project_id) is None:
            raise refusals.QuotasNotFound(id=request.project_id)
        await call.quota.set_limits(SERVICE, request.project_id, dict.fromkeys(TITLES))
        return EMPTY


def _project(call: Call, asked: str) -> str:
    """The project whose quotas the caller may list, of the one that was asked for; empty: all of them."""
    if check_in(PACKAGE, "rule:load-balancer:read-quota-global")(call.caller, None):
        return asked
    project_id = asked or call.caller.project_id
    target = pb.OwnQuota(project_id=project_id)
    if not project_id or not check_in(PACKAGE, "rule:load-balancer:read-quota")(call.caller, target):
        raise PolicyRefused(["os_load-balancer_api:quota:get_all"])
    return project_id


async def _own(call: Call, project_id: str) -> pb.OwnQuota:
    own = pb.OwnQuota(project_id=project_id)
    limits = await call.quota.own_limits(SERVICE, project_id) or {}
    for resource, limit in limits.items():
        setattr(own, resource, limit)
    for alias, resource in ALIASES.items():
        if resource in limits:
            setattr(own, alias, limits[resource])
    return own


@subscribes("after_create", "load_balancer")
async def note_project(call: Call, obj: Any) -> None:
    """A project with a load balancer is listed, with or without limits of its own."""
    if await call.quota.own_limits(SERVICE, obj.project_id) is None:
        await call.quota.set_limits(SERVICE, obj.project_id, {})
