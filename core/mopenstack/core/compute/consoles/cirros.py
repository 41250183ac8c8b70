"""The boot of CirrOS, which has an init of its own and no cloud-init.

Source: /etc/init.d and /sbin/cirros-* of its image.
"""

from __future__ import annotations

import random

from mopenstack.core.compute.consoles.boots import Boot
from mopenstack.core.compute.consoles.host_keys import host_keys
from mopenstack.core.compute.consoles.machine import Interface, Machine

VERSION = "0.6.3"
_KERNEL = "5.15.0-117-generic"
_METADATA = "169.254.169.254"
_LOGO = r"""  ____               ____  ____
 / __/ __ ____ ____ / __ \/ __/
/ /__ / // __// __// /_/ /\ \
\___//_//_/  /_/   \____/___/
   http://cirros-cloud.net

"""


def boot(machine: Machine, boot: Boot, drawn: random.Random) -> list[tuple[float, str]]:
    """All lines of a boot with the seconds of each; the last one is the prompt. `drawn` makes two servers differ."""
    pace = drawn.uniform(0.9, 1.15)
    lines: list[tuple[float, str]] = []

    def kernel(seconds: float, *texts: str) -> None:
        at = seconds * pace
        lines.extend((at, f"[{at + place * 0.000041:12.6f}] {text}") for place, text in enumerate(texts))

    def plain(seconds: float, *texts: str) -> None:
        lines.extend((seconds * pace, text) for text in texts)

    def up(seconds: float) -> str:
        return f"{seconds * pace:.2f}"

    memory = machine.memory_mb * 1024
    ec2_id = f"i-{machine.number:08x}"
    kernel(
        0.0,
        f"Linux version {_KERNEL} (buildd@lcy02-amd64-037) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0) #127-Ubuntu SMP",
        "Command line: LABEL=cirros-rootfs ro console=tty1 console=ttyS0",
        "BIOS-provided physical RAM map:",
        f"BIOS-e820: [mem 0x0000000000100000-{memory * 1024 - 0x21000 - 1:#018x}] usable",
        "DMI: OpenStack Foundation OpenStack Nova, BIOS 1.16.3-debian-1.16.3-2 04/01/2014",
        "Hypervisor detected: KVM",
    )
    kernel(0.3, f"Memory: {memory * 9 // 10}K/{memory - 392}K available")
    kernel(0.52, f"smp: Brought up 1 node, {machine.vcpus} CPU{'' if machine.vcpus == 1 else 's'}")
    plain(
        1.1,
        f"info: initramfs: up at {up(1.1)}",
        "info: copying initramfs to /dev/vda1" if boot.on_new_disk else "info: initramfs loading root from /dev/vda1",
    )
    plain(
        1.6,
        f"info: /etc/init.d/rc.sysinit: up at {up(1.6)}",
        "info: container: none",
        "Saving 256 bits of creditable seed for next boot",
    )
    if boot.on_new_disk:
        plain(1.7, "Starting syslogd: OK", "Starting klogd: OK", "Running sysctl: OK")
    plain(
        2.0,
        "Starting acpid: OK",
        "Starting network: dhcpcd-9.4.1 starting",
        "DUID 00:01:00:01:2c:8e:2e:5a:" + _mac(machine),
    )
    for place, interface in enumerate(machine.interfaces):
        for address in interface.addresses:
            if address.is_ipv4:
                seconds = 2.4 + place * 0.2
                plain(
                    seconds,
                    f"eth{place}: soliciting a DHCP lease",
                    f"eth{place}: offered {address.ip} from {address.gateway or address.network}",
                    f"eth{place}: leased {address.ip} for 86400 seconds",
                    f"eth{place}: adding route to {address.network}/{address.prefix}",
                    *([f"eth{place}: adding default route via {address.gateway}"] if address.gateway else []),
                )
    plain(
        4.0,
        "Top of dropbear init script",
        "Starting dropbear sshd: OK",
        f"checking http://{_METADATA}/2009-04-04/instance-id",
        f"successful after 1/20 tries: up {up(4.0)}. iid={ec2_id}",
    )
    if not machine.public_key:
        plain(
            4.2,
            f"failed to get http://{_METADATA}/2009-04-04/meta-data/public-keys",
            "warning: no ec2 metadata for public-keys",
        )
    plain(
        4.6,
        "=== system information ===",
        "Platform: OpenStack Foundation OpenStack Nova",
        "Container: none",
        "Arch: x86_64",
        f"CPU(s): {machine.vcpus} @ 2394.374 MHz",
        f"Cores/Sockets/Threads: 1/{machine.vcpus}/1",
        "Virt-type: ",
        f"RAM Size: {machine.memory_mb * 9 // 10}MB",
        "Disks:",
        "NAME MAJ:MIN     SIZE LABEL         MOUNTPOINT",
        f"vda  253:0 {machine.disk_gb * 2**30:>10}",
        f"vda1 253:1 {max(machine.disk_gb * 2**30 - 9437184, 0):>10} cirros-rootfs /",
    )
    if boot.on_new_disk:
        plain(
            4.7,
            "=== sshd host keys ===",
            "-----BEGIN SSH HOST KEY KEYS-----",
            *_keys(machine),
            "-----END SSH HOST KEY KEYS-----",
        )
    plain(4.8, "=== network info ===", "if-info: lo,up,127.0.0.1,8,,")
    for place, interface in enumerate(machine.interfaces):
        plain(4.8, *_network(place, interface))
    plain(
        4.9,
        "=== datasource: configdrive local ===" if machine.config_drive else "=== datasource: ec2 net ===",
        f"instance-id: {machine.id if machine.config_drive else ec2_id}",
        "name: N/A",
        f"availability-zone: {machine.zone}",
        f"local-hostname: {machine.hostname}.novalocal",
        "launch-index: 0",
        f"=== cirros: current={VERSION} uptime={up(4.9)} ===",
    )
    plain(
        5.1,
        *_LOGO.split("\n")[:-1],
        "login as 'cirros' user. default password: 'gocubsgo'. use 'sudo' for root.",
        f"{machine.hostname} login: ",
    )
    return lines


def _mac(machine: Machine) -> str:
    return machine.interfaces[0].mac if machine.interfaces else "52:54:00:12:34:56"


def _keys(machine: Machine) -> list[str]:
    return [f"{key.line} root@{machine.hostname}" for key in host_keys(machine.id)]


def _network(place: int, interface: Interface) -> list[str]:
    """The address of an interface, and its routes."""
    device = f"eth{place}"
    first = next((address for address in interface.addresses if address.is_ipv4), None)
    if first is None:
        return [f"if-info: {device},up,,,{interface.link_local}/64,"]
    routes = [f"ip-route:{first.network}/{first.prefix} dev {device} scope link  src {first.ip} "]
    if first.gateway:
        routes.insert(0, f"ip-route:default via {first.gateway} dev {device}  src {first.ip} ")
        routes.append(f"ip-route:{_METADATA} via {first.gateway} dev {device}  src {first.ip} ")
    return [f"if-info: {device},up,{first.ip},{first.prefix},{interface.link_local}/64,", *routes]
