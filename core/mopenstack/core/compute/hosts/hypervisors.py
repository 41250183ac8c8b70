"""Hypervisors. Source: nova/api/openstack/compute/hypervisors.py, nova/compute/resource_tracker.py."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from google.protobuf import json_format

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.hosts import hypervisors_pb2 as pb
from mopenstack.compute.v2.servers import servers_pb2
from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.hosts.services import COMPUTE, Services
from mopenstack.core.compute.paging import page
from mopenstack.core.compute.servers import claims
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.options import BadOption, Option
from mopenstack.core.engine.servicer import ResourceServicer, Result, copy_fields
from mopenstack.core.store.transaction import copy_of

HOSTS_MAX = 16
_UP_SINCE = timedelta(days=1)
_SUMMED = (
    "current_workload",
    "disk_available_least",
    "free_disk_gb",
    "free_ram_mb",
    "local_gb",
    "local_gb_used",
    "memory_mb",
    "memory_mb_used",
    "running_vms",
    "vcpus",
    "vcpus_used",
)
PAGE_MAX = 1000


class Hypervisors(ResourceServicer[pb.Hypervisor]):
    """What a host has is stored; what is used of it is what Placement has given away."""

    service = pb.DESCRIPTOR.services_by_name["Hypervisors"]
    message = pb.Hypervisor
    not_found = refusals.HypervisorNotFound

    # -- lists

    async def list_hypervisors(self, call: Call, request: pb.ListHypervisorsRequest) -> Result:
        filters = {item.key: item.values[0] for item in request.query.filters if item.values}
        pattern, servers = None, False
        if call.at_least(53):
            pattern = filters.get("hypervisor_hostname_pattern")
            servers = filters.get("with_servers", "").lower() in TRUE_WORDS
        if pattern is not None:
            if request.query.limit or request.query.marker:
                raise refusals.HypervisorPagingWithPattern()
            found, more = await self._matching(call, pattern), ""
        else:
            found, more = self._page(call, await self._all(call), request.query)
        return Page([await self.shown(call, item, servers=servers) for item in found], next_marker=more)

    list_hypervisors_detail = list_hypervisors

    async def search_hypervisors(self, call: Call, request: pb.SearchHypervisorsRequest) -> Result:
        return Page([await self.shown(call, found) for found in await self._matching(call, request.pattern)])

    async def list_hypervisor_servers(self, call: Call, request: pb.SearchHypervisorsRequest) -> Result:
        found = await self._matching(call, request.pattern)
        return Page([await self.shown(call, hypervisor, servers=True) for hypervisor in found])

    def _page(self, call: Call, found: list[pb.Hypervisor], query: common.Query) -> tuple[list[pb.Hypervisor], str]:
        if not call.at_least(33):
            return found, ""
        if query.nothing:
            return [], ""
        ids = [item.id if call.at_least(53) else str(item.number) for item in found]
        return page(found, ids, query.marker, query.limit or PAGE_MAX, refusals.MarkerNotFound)

    async def _all(self, call: Call) -> list[pb.Hypervisor]:
        return sorted(await call.tx.scan(pb.Hypervisor), key=lambda item: item.number)

    async def _matching(self, call: Call, pattern: str) -> list[pb.Hypervisor]:
        found = [item for item in await self._all(call) if pattern.lower() in item.hypervisor_hostname.lower()]
        if not found:
            raise refusals.NoHypervisorMatches(pattern=pattern)
        return found

    # -- one

    async def get_hypervisor(self, call: Call, request: pb.GetHypervisorRequest) -> Result:
        return await self.shown(call, await self._by_id(call, request.hypervisor_id), servers=request.with_servers)

    async def get_hypervisor_uptime(self, call: Call, request: pb.GetHypervisorUptimeRequest) -> Result:
        return await self.shown(call, await self._by_id(call, request.hypervisor_id))

    async def _by_id(self, call: Call, id: str) -> pb.Hypervisor:
        if call.at_least(53):
            try:
                return await self.fetch(call, str(uuid.UUID(id)))
            except ValueError:
                raise refusals.InvalidUuid(id=id) from None
        found = next((item for item in await self._all(call) if str(item.number) == id), None)
        if found is None:
            raise refusals.HypervisorNotFound(id=id)
        return found

    async def get_hypervisor_statistics(self, call: Call, request: pb.GetHypervisorStatisticsRequest) -> Result:
        shown = [await self.shown(call, hypervisor) for hypervisor in await self._all(call)]
        sums = {name: sum(getattr(item, name) for item in shown) for name in _SUMMED}
        return pb.HypervisorStatisticsResponse(hypervisor_statistics=pb.HypervisorStatistics(count=len(shown), **sums))

    async def register_hypervisor(self, call: Call, request: pb.RegisterHypervisorRequest) -> Result:
        hypervisor = copy_of(request.hypervisor)
        hypervisor.number = await call.tx.add("compute/hypervisor/number", 1)
        hypervisor.service.host = hypervisor.service.host or hypervisor.hypervisor_hostname
        await call.service(Services).register(call, hypervisor.service.host, COMPUTE)
        stored = await self.insert(call, hypervisor)
        await claims.register(call, stored)
        return await self.shown(call, stored)

    # -- how it is shown

    async def shown(self, call: Call, stored: pb.Hypervisor, *, servers: bool = False) -> pb.Hypervisor:
        """The hypervisor with its service's state and its servers' use."""
        shown = copy_of(stored)
        service = await call.service(Services).compute_of(call, stored.service.host)
        if service is not None:
            shown.state, shown.status = service.state, service.status
            shown.service.id, shown.service.number = service.id, service.number
            if service.HasField("disabled_reason"):
                shown.service.disabled_reason = service.disabled_reason
        hosted = await call.tx.query(servers_pb2.Server, host=stored.service.host)
        _count(shown, await claims.used_of(call, stored.id), len(hosted))
        json_format.Parse(stored.cpu_info_text or "{}", shown.cpu_info)
        shown.uptime = _uptime(call)
        if servers and (hosted or call.at_least(75)):
            shown.servers.SetInParent()
            shown.servers.servers.extend(
                pb.HypervisorServers.Server(name=server.instance_name, uuid=server.id) for server in hosted
            )
        return shown


def _count(shown: pb.Hypervisor, used: Mapping[str, int], running: int) -> None:
    shown.running_vms = running
    shown.vcpus_used = used.get("VCPU", 0)
    shown.memory_mb_used = claims.RESERVED_MEMORY_MB + used.get("MEMORY_MB", 0)
    shown.local_gb_used = used.get("DISK_GB", 0)
    shown.free_ram_mb = shown.memory_mb - shown.memory_mb_used
    shown.free_disk_gb = shown.local_gb - shown.local_gb_used
    shown.disk_available_least = shown.free_disk_gb


def _uptime(call: Call) -> str:
    """What `uptime` prints on the host, which is as old as a day."""
    return f" {call.now:%H:%M:%S} up {_UP_SINCE.days} day,  0:00,  1 user,  load average: 0.00, 0.00, 0.00\n"


async def _set_hosts(call: Call, value: str) -> None:
    """As many hosts as this: more like the first one, or fewer, of those without servers the last ones."""
    known = sorted(await call.tx.scan(pb.Hypervisor), key=lambda host: host.number)
    names = {host.hypervisor_hostname for host in known}
    for number in range(2, int(value) + 1):
        request = pb.RegisterHypervisorRequest()
        new = request.hypervisor
        for host in known[:1]:
            copy_fields(host, new, names=_MODEL)
            new.hypervisor_hostname = f"compute-{number}"  # no part of another: clients ask by pattern
            new.host_ip = f"127.0.0.{number}"
        if new.hypervisor_hostname and new.hypervisor_hostname not in names:
            await call.service(Hypervisors).register_hypervisor(call, request)
    services = call.service(Services)
    for host in known[int(value) :]:
        if await call.tx.query(servers_pb2.Server, host=host.service.host):
            raise BadOption(name=HOSTS.name, value=value, wanted=f"{host.hypervisor_hostname} has servers")
        service = await services.compute_of(call, host.service.host)
        if service is not None:
            await services.discard(call, service)


_MODEL = ("hypervisor_type", "hypervisor_version", "vcpus", "memory_mb", "local_gb", "cpu_info_text")

HOSTS = Option(
    "compute.hosts",
    "3",
    f"How many compute hosts there are, at most {HOSTS_MAX}: what migrations, evacuations and anti-affinity need. "
    "A host with servers cannot be taken away.",
    check=lambda value: "" if value.isdecimal() and 1 <= int(value) <= HOSTS_MAX else f"1 to {HOSTS_MAX}",
    apply=_set_hosts,
)
