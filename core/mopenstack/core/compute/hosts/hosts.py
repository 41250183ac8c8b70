"""Hosts, up to 2.42. Source: nova/api/openstack/compute/hosts.py.

The hypervisors are libvirt's, whose driver neither switches hosts nor puts them into maintenance: 501, as there.
"""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.hosts import hosts_pb2 as pb
from mopenstack.compute.v2.hosts.hypervisors_pb2 import Hypervisor
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import InvalidField
from mopenstack.core.compute.hosts.hypervisors import Hypervisors
from mopenstack.core.compute.hosts.services import Services
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class Hosts(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Hosts"]

    async def check_request(self, call: Call, request: Any) -> None:
        if isinstance(request, pb.ChangeHostRequest) and not request.status and not request.maintenance_mode:
            raise InvalidField((), {}, "one_of_schemas")
        named = not isinstance(request, pb.ListHostsRequest)
        if named and await call.service(Services).compute_of(call, request.host_name) is None:
            raise refusals.HostMappingNotFound(host=request.host_name)

    async def list_hosts(self, call: Call, request: pb.ListHostsRequest) -> Result:
        answer = pb.ListHostsResponse()
        for service in await call.service(Services).enabled(call):
            zone = await call.service(Services).zone_of(call, service)
            if not request.zone or zone == request.zone:
                answer.hosts.add(host_name=service.host, service=service.binary.removeprefix("nova-"), zone=zone)
        return answer

    async def get_host(self, call: Call, request: pb.HostRequest) -> Result:
        """What the host has, what is used of it, and by which projects."""
        host = request.host_name
        found = next((item for item in await call.tx.scan(Hypervisor) if item.service.host == host), None)
        if found is None:
            raise refusals.ComputeHostNotFound(host=host)
        shown = await call.service(Hypervisors).shown(call, found)
        answer = pb.HostResponse()
        _add(answer, host, "(total)", shown.vcpus, shown.memory_mb, shown.local_gb)
        _add(answer, host, "(used_now)", shown.vcpus_used, shown.memory_mb_used, shown.local_gb_used)
        servers = await call.tx.query(Server, host=host)
        _add(answer, host, "(used_max)", *_sums(servers))
        for project in sorted({server.project_id for server in servers}):
            _add(answer, host, project, *_sums([server for server in servers if server.project_id == project]))
        return answer


def _sums(servers: list[Server]) -> tuple[int, int, int]:
    """Processors, memory and disk of servers."""
    return (
        sum(server.flavor.vcpus for server in servers),
        sum(server.flavor.ram for server in servers),
        sum(server.flavor.disk + server.flavor.ephemeral for server in servers),
    )


def _add(answer: pb.HostResponse, host: str, project: str, cpu: int, memory_mb: int, disk_gb: int) -> None:
    answer.host.add(
        resource=pb.HostResponse.Resource(host=host, project=project, cpu=cpu, memory_mb=memory_mb, disk_gb=disk_gb)
    )
