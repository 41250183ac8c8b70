"""How much servers used in a span of time. Source: nova/api/openstack/compute/simple_tenant_usage.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.quotas import simple_tenant_usage_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.operations import enum_words
from mopenstack.core.compute.paging import page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.store.transaction import copy_of

PAGE_MAX = 1000
_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
_SECONDS_AN_HOUR = 3600.0
_VM_STATES = enum_words(Server.DESCRIPTOR.fields_by_name["vm_state"])


@dataclass(frozen=True, slots=True)
class _Span:
    """Seconds since the epoch."""

    start: float
    stop: float


class SimpleTenantUsage(Servicer):
    """Pages go by server, not by project: a project may be told of in several pages, in parts."""

    service = pb.DESCRIPTOR.services_by_name["SimpleTenantUsage"]

    async def ended(self, call: Call, server: Server) -> None:
        """Keep what a server used that is about to go."""
        usage = _usage(server)
        if usage.HasField("started_at"):
            call.stamp(usage.ended_at, float(int(call.time)))
            usage.state = "terminated"
            await call.tx.put(usage, fresh=True)

    async def list_tenant_usages(self, call: Call, request: pb.ListTenantUsagesRequest) -> Result:
        query = {item.key: item.values[0] for item in request.query.filters if item.values}
        span = _span(call, query.get("start", ""), query.get("end", ""))
        found = [*await call.tx.scan(Server)], [*await call.tx.scan(pb.ServerUsage)]
        usages, more = self._page(call, _within(call, span, *found), request.query.limit, request.query.marker)
        detailed = query.get("detailed") == "1"
        return Page(_by_project(usages, span, detailed=detailed), next_marker=more)

    async def get_tenant_usage(self, call: Call, request: pb.GetTenantUsageRequest) -> Result:
        span = _span(call, request.start, request.end)
        project = request.project_id
        found = await call.tx.query(Server, project_id=project), await call.tx.query(pb.ServerUsage, tenant_id=project)
        usages, more = self._page(call, _within(call, span, *found), request.limit, request.marker)
        usage = next(iter(_by_project(usages, span, detailed=True)), pb.TenantUsage())
        return pb.TenantUsageResponse(tenant_usage=usage, page={"next_marker": more})

    @staticmethod
    def _page(call: Call, usages: list[pb.ServerUsage], limit: int, marker: str) -> tuple[list[pb.ServerUsage], str]:
        if not call.at_least(40):
            return usages[:PAGE_MAX], ""
        return page(usages, [usage.instance_id for usage in usages], marker, min(limit or PAGE_MAX, PAGE_MAX))


def _usage(server: Server) -> pb.ServerUsage:
    usage = pb.ServerUsage(
        id=server.id,
        flavor=server.flavor.original_name,
        instance_id=server.id,
        name=server.name,
        tenant_id=server.project_id,
        memory_mb=server.flavor.ram,
        local_gb=server.flavor.disk + server.flavor.ephemeral,
        vcpus=server.flavor.vcpus,
        state=_VM_STATES.get(server.vm_state, ""),
    )
    if server.HasField("launched_at"):
        usage.started_at.CopyFrom(server.launched_at)
    return usage


def _within(call: Call, span: _Span, servers: list[Server], gone: list[pb.ServerUsage]) -> list[pb.ServerUsage]:
    """The usages that the span touches, by project and server."""
    found = [_usage(server) for server in servers] + [copy_of(usage) for usage in gone]
    touched = []
    for usage in found:
        if not usage.HasField("started_at") or usage.started_at.seconds > span.stop:
            continue
        ended = float(usage.ended_at.seconds) if usage.HasField("ended_at") else call.time
        if usage.HasField("ended_at") and ended < span.start:
            continue
        started = float(usage.started_at.seconds)
        usage.uptime = int(ended - started)
        stop = min(span.stop, ended) if usage.HasField("ended_at") else span.stop
        usage.hours = (stop - max(started, span.start)) / _SECONDS_AN_HOUR
        touched.append(usage)
    return sorted(touched, key=lambda usage: (usage.tenant_id, usage.instance_id))


def _by_project(usages: list[pb.ServerUsage], span: _Span, *, detailed: bool) -> list[pb.TenantUsage]:
    projects: dict[str, pb.TenantUsage] = {}
    for usage in usages:
        total = projects.get(usage.tenant_id)
        if total is None:
            total = projects[usage.tenant_id] = pb.TenantUsage(tenant_id=usage.tenant_id)
            total.start.FromMicroseconds(round(span.start * 1e6))
            total.stop.FromMicroseconds(round(span.stop * 1e6))
        total.total_local_gb_usage += usage.local_gb * usage.hours
        total.total_vcpus_usage += usage.vcpus * usage.hours
        total.total_memory_mb_usage += usage.memory_mb * usage.hours
        total.total_hours += usage.hours
        if detailed:
            total.server_usages.usages.append(usage)
    return list(projects.values())


def _span(call: Call, start: str, end: str) -> _Span:
    first, last = _time(call, start), _time(call, end)
    if not first < last and (start or end):
        raise refusals.InvalidStartTime()
    return _Span(first, min(last, call.time))


def _time(call: Call, text: str) -> float:
    if not text:
        return call.time
    for format in _FORMATS:
        try:
            return datetime.strptime(text, format).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise refusals.InvalidStrTime(reason="Datetime is in invalid format")
