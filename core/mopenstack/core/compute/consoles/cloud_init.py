"""The boot of a distribution with systemd and cloud-init, as its serial console shows it.

Source: cloudinit.cmd.main, cloudinit.netinfo, cloudinit.config.cc_ssh, cc_ssh_authkey_fingerprints, cc_keys_to_console
and cc_final_message; the lines of kernel and systemd are those of such images on QEMU.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from mopenstack.core.compute.consoles.boots import Boot
from mopenstack.core.compute.consoles.guests import Guest, guest_of
from mopenstack.core.compute.consoles.host_keys import HostKey, generated, host_keys
from mopenstack.core.compute.consoles.machine import Interface, Machine

_FIRST_SLOT = 3
"""Of the PCI slots in which QEMU puts network devices: the first is ens3."""
_METADATA = "169.254.169.254"
_PAGE_KB = 4
_FROM_DRIVE = "DataSourceConfigDrive [net,ver=2][source=/dev/sr0]"
_FROM_NETWORK = "DataSourceOpenStackLocal [net,ver=2]"
_DEVICE_COLUMNS = ("Device", "Up", "Address", "Mask", "Scope", "Hw-Address")
_IPV4_COLUMNS = ("Route", "Destination", "Gateway", "Genmask", "Interface", "Flags")
_IPV6_COLUMNS = ("Route", "Destination", "Gateway", "Interface", "Flags")


def boot(machine: Machine, boot: Boot, drawn: random.Random) -> list[tuple[float, str]]:
    """All lines of a boot with the seconds of each; the last one is the prompt. `drawn` makes two servers differ."""
    guest = guest_of(machine.distro)
    printed = _Printed(boot, drawn.uniform(0.85, 1.2), drawn.randrange(480, 560))
    keys = host_keys(machine.id)
    _kernel(printed, machine, guest)
    _systemd(printed, machine, guest)
    _cloud_init(printed, machine, guest, keys, first=boot.on_new_disk)
    banner = guest.banner.format(title=guest.title, kernel=guest.kernel, host=machine.hostname)
    printed.plain(printed.last + 0.3, "", *banner.split("\n"), "", f"{machine.hostname} login: ")
    return printed.lines


class _Printed:
    """Lines in the order of their times. `pace` is how long a second of an ordinary boot takes here."""

    def __init__(self, boot: Boot, pace: float, pid: int) -> None:
        self.lines: list[tuple[float, str]] = []
        self._boot, self._pace, self._pid = boot, pace, pid

    @property
    def last(self) -> float:
        """The time of the last line, in ordinary seconds."""
        return self.lines[-1][0] / self._pace

    def plain(self, seconds: float, *texts: str) -> None:
        self.lines += [(seconds * self._pace, text) for text in texts]

    def kernel(self, seconds: float, *texts: str) -> None:
        """With the kernel's stamp; lines of one time are some ten microseconds apart."""
        for place, text in enumerate(texts):
            at = seconds * self._pace + place * 0.000037
            self.lines.append((at, f"[{at:12.6f}] {text}"))

    def step(self, stage: int, seconds: float, *texts: str) -> None:
        """What a stage of cloud-init writes to its standard output: systemd forwards it."""
        self.kernel(seconds, *(f"cloud-init[{self._pid + stage * 61}]: {text}" for text in texts))

    def when(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(self._boot.at + seconds * self._pace, UTC)

    def stamp(self, seconds: float) -> str:
        """A time of day as RFC 2822 has it, and the uptime, as cloud-init tells them."""
        return f"{self.when(seconds):%a, %d %b %Y %H:%M:%S} +0000"

    def uptime(self, seconds: float) -> str:
        return f"{seconds * self._pace:.2f}"


def _kernel(printed: _Printed, machine: Machine, guest: Guest) -> None:
    memory = machine.memory_mb * 1024
    version = guest.kernel.partition("-")[2]
    printed.kernel(
        0.0,
        f"Linux version {guest.kernel} ({guest.compiler}) #{version.partition('-')[0]} SMP PREEMPT_DYNAMIC",
        f"Command line: BOOT_IMAGE=/boot/vmlinuz-{guest.kernel} root=/dev/vda1 ro console=tty1 console=ttyS0",
        "BIOS-provided physical RAM map:",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
        f"BIOS-e820: [mem 0x0000000000100000-{memory * 1024 - 0x21000 - 1:#018x}] usable",
        "NX (Execute Disable) protection: active",
        "SMBIOS 2.8 present.",
        "DMI: OpenStack Foundation OpenStack Nova, BIOS 1.16.3-debian-1.16.3-2 04/01/2014",
        "Hypervisor detected: KVM",
        "kvm-clock: using sched offset of 5432109876 cycles",
    )
    printed.kernel(
        0.012,
        f"Memory: {memory * 94 // 100 // _PAGE_KB * _PAGE_KB}K/{memory - 392}K available",
        f"SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs={machine.vcpus}, Nodes=1",
    )
    cores = "CPU" if machine.vcpus == 1 else "CPUs"
    printed.kernel(0.21, "smp: Bringing up secondary CPUs ...", f"smp: Brought up 1 node, {machine.vcpus} {cores}")
    printed.kernel(0.74, "Serial: 8250/16550 driver, 32 ports, IRQ sharing enabled")
    printed.kernel(0.79, "00:04: ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A")
    if machine.disk_gb:
        blocks, size = machine.disk_gb * 2**21, f"{machine.disk_gb * 2**30 / 1e9:.2f} GB/{machine.disk_gb:.2f} GiB"
        printed.kernel(
            1.18,
            f"virtio_blk virtio1: [vda] {blocks} 512-byte logical blocks ({size})",
            " vda: vda1 vda14 vda15",
        )
    for place in range(len(machine.interfaces)):
        printed.kernel(1.42 + place * 0.03, f"virtio_net virtio{place} {_device(place)}: renamed from eth{place}")
    printed.kernel(2.05, "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.")


def _systemd(printed: _Printed, machine: Machine, guest: Guest) -> None:
    printed.kernel(
        2.9,
        f"systemd[1]: systemd {guest.systemd} running in system mode",
        "systemd[1]: Detected virtualization kvm.",
        "systemd[1]: Detected architecture x86-64.",
    )
    printed.plain(2.95, "", f"Welcome to {guest.title}!", "")
    printed.kernel(3.02, f"systemd[1]: Hostname set to <{machine.hostname}>.")
    printed.plain(3.6, "[  OK  ] Created slice system-getty.slice - Slice /system/getty.")
    printed.plain(3.7, "[  OK  ] Listening on systemd-journald.socket - Journal Socket.")
    printed.plain(4.2, "[  OK  ] Started systemd-journald.service - Journal Service.")
    printed.plain(4.9, "[  OK  ] Reached target local-fs.target - Local File Systems.")


def _cloud_init(printed: _Printed, machine: Machine, guest: Guest, keys: Sequence[HostKey], *, first: bool) -> None:
    def begins(stage: int, name: str, seconds: float) -> None:
        told = f"at {printed.stamp(seconds)}. Up {printed.uptime(seconds)} seconds."
        printed.step(stage, seconds, f"Cloud-init v. {guest.cloud_init} running '{name}' {told}")

    begins(0, "init-local", 5.6)
    printed.plain(6.4, "[  OK  ] Finished cloud-init-local.service - Cloud-init: Local Stage (pre-network).")
    printed.plain(6.9, "[  OK  ] Reached target network.target - Network.")
    begins(1, "init", 7.8)
    printed.step(1, 7.84, *(f"ci-info: {line}" for line in _network_info(machine.interfaces)))
    if first:
        comment = f"root@{machine.hostname}"
        for place, key in enumerate(keys):
            printed.step(1, 8.6 + place * 0.2, *generated(key, comment))
    printed.plain(9.4, "[  OK  ] Finished cloud-init.service - Cloud-init: Network Stage.")
    printed.plain(9.5, "[  OK  ] Reached target network-online.target - Network is Online.")
    printed.plain(10.3, "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.")
    begins(2, "modules:config", 11.2)
    printed.plain(12.0, "[  OK  ] Finished cloud-config.service - Cloud-init: Config Stage.")
    begins(3, "modules:final", 12.9)
    if first:
        printed.plain(13.2, *(f"ci-info: {line}" for line in _authorized(machine.public_key, guest)))
        _show_host_keys(printed, machine, keys)
    source = _FROM_DRIVE if machine.config_drive else _FROM_NETWORK
    end = f"Datasource {source}.  Up {printed.uptime(14.4)} seconds"
    printed.step(3, 14.4, f"Cloud-init v. {guest.cloud_init} finished at {printed.stamp(14.4)}. {end}")
    printed.plain(14.6, "[  OK  ] Finished cloud-final.service - Cloud-init: Final Stage.")
    printed.plain(14.7, "[  OK  ] Reached target cloud-init.target - Cloud-init target.")


def _show_host_keys(printed: _Printed, machine: Machine, keys: Iterable[HostKey]) -> None:
    """What cc_keys_to_console has logger and echo write; files are in the order of their names."""
    ordered = sorted(keys, key=lambda key: key.file)
    comment = f"root@{machine.hostname}"
    rule = "#" * 61
    logged = (
        rule,
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        *(f"{key.bits} {key.fingerprint} {comment} ({key.word})" for key in ordered),
        "-----END SSH HOST KEY FINGERPRINTS-----",
        rule,
    )
    day = printed.when(13.8)
    printed.plain(13.8, *(f"<14>{day:%b} {day.day:2d} {day:%H:%M:%S} cloud-init: {text}" for text in logged))
    printed.plain(
        13.9,
        "-----BEGIN SSH HOST KEY KEYS-----",
        *(f"{key.line} {comment}" for key in ordered),
        "-----END SSH HOST KEY KEYS-----",
    )


def _device(place: int) -> str:
    return f"ens{_FIRST_SLOT + place}"


def _network_info(interfaces: Sequence[Interface]) -> Iterator[str]:
    """The tables of netinfo.debug_info: devices, and the routes of each version of IP."""
    yield from _table("Net device info", _DEVICE_COLUMNS, _devices(interfaces))
    routes = list(_ipv4_routes(interfaces))
    if routes:
        yield from _table("Route IPv4 info", _IPV4_COLUMNS, ((str(place), *row) for place, row in enumerate(routes)))
    others = list(_ipv6_routes(interfaces))
    if others:
        yield from _table("Route IPv6 info", _IPV6_COLUMNS, ((str(place), *row) for place, row in enumerate(others)))


def _devices(interfaces: Sequence[Interface]) -> Iterator[tuple[str, ...]]:
    for place, interface in enumerate(interfaces):
        for address in interface.addresses:
            ip, mask = (address.ip, address.mask) if address.is_ipv4 else (f"{address.ip}/{address.prefix}", ".")
            yield _device(place), "True", ip, mask, "global", interface.mac
        yield _device(place), "True", f"{interface.link_local}/64", ".", "link", interface.mac
    yield "lo", "True", "127.0.0.1", "255.0.0.0", "host", "."
    yield "lo", "True", "::1/128", ".", "host", "."


def _ipv4_routes(interfaces: Sequence[Interface]) -> Iterator[tuple[str, ...]]:
    by_default = [
        (_device(place), address)
        for place, interface in enumerate(interfaces)
        for address in interface.addresses
        if address.is_ipv4
    ]
    for device, address in by_default[:1]:
        if address.gateway:
            yield "0.0.0.0", address.gateway, "0.0.0.0", device, "UG"  # noqa: S104  # a route, no socket
    for device, address in by_default:
        yield address.network, "0.0.0.0", address.mask, device, "U"  # noqa: S104
    for device, address in by_default[:1]:
        if address.gateway:
            yield _METADATA, address.gateway, "255.255.255.255", device, "UGH"


def _ipv6_routes(interfaces: Sequence[Interface]) -> Iterator[tuple[str, ...]]:
    for place, interface in enumerate(interfaces):
        for address in interface.addresses:
            if not address.is_ipv4:
                yield f"{address.network}/{address.prefix}", "::", _device(place), "U"
        yield "fe80::/64", "::", _device(place), "U"


def _authorized(public_key: str, guest: Guest) -> Iterator[str]:
    """Whose keys may log in, by cc_ssh_authkey_fingerprints."""
    kind, _, rest = public_key.partition(" ")
    encoded, _, comment = rest.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(encoded)).hexdigest()
    except (ValueError, binascii.Error):
        kind = ""
    if not kind or not encoded:
        yield f"no authorized SSH keys fingerprints found for user {guest.user}."
        return
    fingerprint = ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))
    title = f"Authorized keys from {guest.home}/.ssh/authorized_keys for user {guest.user}"
    row = (kind, fingerprint, "-", comment.strip() or "-")
    yield from _table(title, ("Keytype", "Fingerprint (sha256)", "Options", "Comment"), [row])


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table below its title (cloudinit.simpletable)."""
    kept = [columns, *rows]
    widths = [max(len(row[place]) for row in kept) for place in range(len(columns))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    cells = ((text.center(width + 2) for text, width in zip(row, widths, strict=True)) for row in kept)
    drawn = [f"|{'|'.join(row)}|" for row in cells]
    yield f"{title:+^{len(rule)}}"
    yield rule
    yield drawn[0]
    yield rule
    yield from drawn[1:]
    yield rule
