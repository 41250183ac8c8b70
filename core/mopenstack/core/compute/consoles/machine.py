"""What a guest finds when it boots: everything of a server that the log of its console is made from."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import ports_of, zone_of
from mopenstack.core.engine.call import Call
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

_INTERFACES_MAX = 16
"""Of which a boot prints something."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface; `gateway` is empty where its subnet has none."""

    ip: str
    prefix: int
    gateway: str

    @property
    def is_ipv4(self) -> bool:
        return ":" not in self.ip

    @property
    def network(self) -> str:
        """The address of its network, without the length of the prefix."""
        return str(ipaddress.ip_network(f"{self.ip}/{self.prefix}", strict=False).network_address)

    @property
    def mask(self) -> str:
        return str(ipaddress.ip_network(f"{self.ip}/{self.prefix}", strict=False).netmask)


@dataclass(frozen=True, slots=True)
class Interface:
    mac: str
    mtu: int
    addresses: tuple[Address, ...]

    @property
    def link_local(self) -> str:
        """The address that IPv6 makes of the MAC address (RFC 4291, appendix A)."""
        octets = [int(part, 16) for part in self.mac.split(":")]
        octets[0] ^= 2
        words = [*octets[:3], 0xFF, 0xFE, *octets[3:]]
        groups = (f"{words[place] << 8 | words[place + 1]:x}" for place in range(0, 8, 2))
        return str(ipaddress.IPv6Address("fe80::" + ":".join(groups)))


@dataclass(frozen=True, slots=True)
class Machine:
    """`number` is the one in the names of the machine: 26 of instance-0000001a and i-0000001a."""

    id: str
    hostname: str
    number: int
    zone: str
    distro: str
    """The image's `os_distro`, or the word for one in its name; empty where neither tells."""
    image: str
    vcpus: int
    memory_mb: int
    disk_gb: int
    config_drive: bool
    public_key: str
    interfaces: tuple[Interface, ...]


_DISTROS = (
    *("cirros", "ubuntu", "debian", "fedora", "centos", "rocky", "almalinux", "rhel", "opensuse", "sles", "alpine"),
    *("arch", "windows", "freebsd", "flatcar", "coreos"),
)


async def machine_of(call: Call, server: Server) -> Machine:
    """The machine of a server, as it is now."""
    image, properties = await _image_of(call, server)
    ports = (await ports_of(call, server))[:_INTERFACES_MAX]
    return Machine(
        id=server.id,
        hostname=server.hostname or "localhost",
        number=int(server.instance_name.rpartition("-")[2] or "0", 16),
        zone=zone_of(server),
        distro=distro_of(image, properties),
        image=image or server.image.id,
        vcpus=server.flavor.vcpus,
        memory_mb=server.flavor.ram,
        disk_gb=server.flavor.disk,
        config_drive=server.config_drive == "True",
        public_key=server.public_key if server.key_type != "x509" else "",
        interfaces=tuple([await _interface(call, port) for port in ports]),
    )


def distro_of(image: str, properties: dict[str, str]) -> str:
    """Which distribution an image holds, by its properties (`os_distro`, else `os_type`) or its name."""
    for text in (properties.get("os_distro", ""), image, properties.get("os_type", "")):
        found = next((word for word in _DISTROS if re.search(rf"(?<![a-z]){word}", text.lower())), "")
        if found:
            return found
    return ""


async def _image_of(call: Call, server: Server) -> tuple[str, dict[str, str]]:
    """The name of the image that a server boots, and its properties; empty where there is none."""
    if server.HasField("image") and server.image.id:
        image = await call.tx.get(Image, server.image.id)
        if image is not None:
            return image.name, dict(image.properties)
        return "", dict(server.image.properties)
    root = next((item.id for item in server.volumes_attached if item.is_root), "")
    volume = await call.tx.get(Volume, root) if root else None
    if volume is None:
        return "", {}
    metadata = dict(volume.volume_image_metadata)
    return metadata.get("image_name", ""), metadata


async def _interface(call: Call, port: Port) -> Interface:
    network = await call.tx.get(Network, port.network_id)
    addresses = []
    for fixed in port.fixed_ips:
        subnet = await call.tx.get(Subnet, fixed.subnet_id)
        if subnet is not None:
            prefix = int(subnet.cidr.rpartition("/")[2])
            addresses.append(Address(fixed.ip_address, prefix, subnet.gateway_ip))
    return Interface(port.mac_address, (network.mtu if network is not None else 0) or 1500, tuple(addresses))
