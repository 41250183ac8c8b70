"""What sets the guests of distributions apart: who logs in, and how system, kernel and cloud-init call themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guest:
    """`banner` is the line above the prompt; `{kernel}` in it stands for the kernel's release."""

    user: str
    title: str
    kernel: str
    compiler: str
    cloud_init: str
    systemd: str
    banner: str

    @property
    def home(self) -> str:
        return f"/home/{self.user}"


_RED_HAT = "{title}\nKernel {kernel} on an x86_64"
_FEDORA = "{title}\nKernel {kernel} on x86_64 (ttyS0)"

UBUNTU = Guest(
    "ubuntu",
    "Ubuntu 24.04.3 LTS",
    "6.8.0-86-generic",
    "buildd@lcy02-amd64-031) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, "
    "GNU ld (GNU Binutils for Ubuntu) 2.42",
    "25.2-0ubuntu1~24.04.1",
    "255.4-1ubuntu8.11",
    "{title} {host} ttyS0",
)
_EL9 = "mockbuild@x86-064-build) (gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-5), GNU ld version 2.35.2-63.el9"
GUESTS = {
    "ubuntu": UBUNTU,
    "debian": Guest(
        "debian",
        "Debian GNU/Linux 12",
        "6.1.0-41-cloud-amd64",
        "debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, "
        "GNU ld (GNU Binutils for Debian) 2.40",
        "22.4.2",
        "252.39-1~deb12u1",
        "{title} {host} ttyS0",
    ),
    "fedora": Guest(
        "fedora",
        "Fedora Linux 42 (Cloud Edition)",
        "6.14.0-63.fc42.x86_64",
        "mockbuild@be03da54f8364b379359fe70f52a8f23) (gcc (GCC) 15.0.1 20250228, GNU ld version 2.44-3.fc42",
        "24.2",
        "257.3-7.fc42",
        _FEDORA,
    ),
    "centos": Guest(
        "cloud-user", "CentOS Stream 9", "5.14.0-620.el9.x86_64", _EL9, "24.4-7.el9", "252-57.el9", _RED_HAT
    ),
    "rocky": Guest(
        "rocky",
        "Rocky Linux 9.6 (Blue Onyx)",
        "5.14.0-570.17.1.el9_6.x86_64",
        _EL9,
        "24.4-4.el9",
        "252-51.el9",
        _RED_HAT,
    ),
    "almalinux": Guest(
        "almalinux",
        "AlmaLinux 9.6 (Sage Margay)",
        "5.14.0-570.12.1.el9_6.x86_64",
        _EL9,
        "24.4-4.el9",
        "252-51.el9",
        _RED_HAT,
    ),
    "rhel": Guest(
        "cloud-user",
        "Red Hat Enterprise Linux 9.6 (Plow)",
        "5.14.0-570.12.1.el9_6.x86_64",
        _EL9,
        "24.4-4.el9",
        "252-51.el9",
        _RED_HAT,
    ),
}
"""Distribution -> its guests; others are told as Ubuntu's."""


def guest_of(distro: str) -> Guest:
    return GUESTS.get(distro, UBUNTU)
