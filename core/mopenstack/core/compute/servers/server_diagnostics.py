"""Diagnostics of running servers. Source: nova/api/openstack/compute/server_diagnostics.py, nova/compute/manager.py.

There is no guest whose counters could run: what a server has is true, what it did is nothing.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_diagnostics_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import networking
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer

POWER_STATES = {0: "pending", 1: "running", 3: "paused", 4: "shutdown", 6: "crashed", 7: "suspended"}
"""nova.compute.power_state.STATE_MAP"""
RUNNING = 1
_KB = 1024


class ServerDiagnostics(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerDiagnostics"]

    async def get_server_diagnostics_before248(self, call: Call, request: pb.GetServerDiagnosticsRequest) -> Result:
        """As libvirt's driver says it: keys of every device, memory in kB."""
        server: Server = call.target
        _check(server)
        memory = server.flavor.ram * _KB
        found = {f"cpu{number}_time": 0 for number in range(server.flavor.vcpus)}
        for disk in _disks(server):
            counters = ("read", "read_req", "write", "write_req")
            found |= {f"{disk}_{counter}": 0 for counter in counters} | {f"{disk}_errors": -1}
        found |= {"memory": memory, "memory-actual": memory, "memory-rss": memory}
        for port in await networking.ports_of(call, server):
            for way in ("rx", "tx"):
                found |= {f"tap{port.id[:11]}_{way}{counter}": 0 for counter in ("", "_drop", "_errors", "_packets")}
        return pb.DriverDiagnosticsResponse(diagnostics=found)

    async def get_server_diagnostics(self, call: Call, request: pb.GetServerDiagnosticsRequest) -> Result:
        server: Server = call.target
        _check(server)
        ports, disks = await networking.ports_of(call, server), _disks(server)
        return pb.ServerDiagnosticsResponse(
            state=POWER_STATES[server.power_state],
            driver="libvirt",
            hypervisor="qemu",
            hypervisor_os="linux",
            uptime=int(call.time) - server.launched_at.seconds,
            config_drive=server.config_drive == "True",
            num_cpus=server.flavor.vcpus,
            num_nics=len(ports),
            num_disks=len(disks),
            disk_details=[pb.ServerDiagnosticsResponse.Disk() for _ in disks],
            cpu_details=[pb.ServerDiagnosticsResponse.Cpu(id=number) for number in range(server.flavor.vcpus)],
            nic_details=[pb.ServerDiagnosticsResponse.Nic(mac_address=port.mac_address) for port in ports],
            memory_details=pb.ServerDiagnosticsResponse.Memory(maximum=server.flavor.ram, used=server.flavor.ram),
        )


def _check(server: Server) -> None:
    if not server.host:
        raise refusals.InstanceNotReady(id=server.id)
    if server.power_state != RUNNING:
        state = POWER_STATES.get(server.power_state, "pending")
        raise refusals.InstanceInvalidState(action="get_diagnostics", id=server.id, attr="power state", state=state)


def _disks(server: Server) -> list[str]:
    """Device names: the root disk, then volumes."""
    devices = [(server.root_device_name or "/dev/vda"), *(item.device for item in server.volumes_attached)]
    return list(dict.fromkeys(device.removeprefix("/dev/") for device in devices))
