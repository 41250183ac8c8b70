"""Diagnostics of running servers. Source: nova/api/openstack/compute/server_diagnostics.py, nova/compute/manager.py.

No guest runs: the devices are those of the server, the counters are 0.
"""

from __future__ import annotations

from mopenstack.compute.v2.servers import server_diagnostics_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import networking
from mopenstack.core.compute.servers.server_states import POWER_STATES
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer

_KB = 1024


class ServerDiagnostics(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerDiagnostics"]

    async def get_server_diagnostics_before248(self, call: Call, request: pb.GetServerDiagnosticsRequest) -> Result:
        """The keys of libvirt's driver: counters of every device, memory in kB."""
        server: Server = call.target
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


def _disks(server: Server) -> list[str]:
    """Device names: the root disk, then volumes."""
    devices = [(server.root_device_name or "/dev/vda"), *(item.device for item in server.volumes_attached)]
    return list(dict.fromkeys(device.removeprefix("/dev/") for device in devices))
