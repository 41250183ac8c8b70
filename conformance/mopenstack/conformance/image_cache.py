"""Stand-ins for the images that the Terraform provider's acceptance tests download.

The provider looks for `<home>/.terraform/image_cache/<md5(url + decompress)>.img` before it downloads
(`resourceImagesImageV2File`), so that its image tests run without a network. Real Glance refuses bytes
that are not of the declared format: each file begins with a qcow2 header of a 1 GiB disk.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
VIRTUAL_SIZE = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Download:
    """An image that a test of the provider names; `decompress` is the resource's argument of that name."""

    url: str
    size: int
    decompress: bool = False

    @property
    def file_name(self) -> str:
        key = f"{self.url}{str(self.decompress).lower()}"
        return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest() + ".img"


DOWNLOADS = (
    # TestAccOpenStackImagesV2ImageDataSource_testQueries asks for 13,000,000 to 23,000,000 bytes.
    Download("http://download.cirros-cloud.net/0.3.5/cirros-0.3.5-x86_64-disk.img", 15_000_000),
    Download("http://download.cirros-cloud.net/0.5.1/cirros-0.5.1-x86_64-disk.img", MIB),
    Download("https://releases.rancher.com/os/latest/rancheros-openstack.img", MIB),
    Download("https://github.com/siderolabs/talos/releases/download/v1.6.6/openstack-amd64.raw.xz", MIB, True),
    Download("https://github.com/siderolabs/talos/releases/download/v1.8.0-alpha.1/openstack-amd64.raw.zst", MIB, True),
)


def qcow2_header(virtual_size: int = VIRTUAL_SIZE) -> bytes:
    """The 104 bytes with which a version 3 qcow2 file begins (docs/interop/qcow2.rst of QEMU)."""
    cluster_bits, header_bytes, refcount_order = 16, 104, 4
    head = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, 0, 0, cluster_bits, virtual_size, 0, 2, 3 << 16, 1 << 16, 1, 0, 0
    )
    return head + struct.pack(">QQQII", 0, 0, 0, refcount_order, header_bytes)


def make(home: Path) -> list[Path]:
    """Write the missing files into the image cache under `home`; returns all of them. The rest is a hole."""
    folder = home / ".terraform" / "image_cache"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for download in DOWNLOADS:
        path = folder / download.file_name
        if not path.exists() or path.stat().st_size != download.size:
            with path.open("wb") as file:
                file.write(qcow2_header())
                # Different files have different checksums.
                file.write(download.url.encode())
                file.truncate(download.size)
        paths.append(path)
    return paths
