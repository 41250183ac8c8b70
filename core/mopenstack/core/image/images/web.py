"""Bytes from the web into the blob store, as the cloud's options have it; and stand-ins for them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.image import options
from mopenstack.core.image.images import download, formats
from mopenstack.core.store.blobs import Blob, Blobs, BlobsFull, BlobTooLarge

log = logging.getLogger(__name__)

BYTES_MAX = 16 * 1024**3
"""Most bytes of a download; Glance's image_size_cap is 1 TiB, a laptop's disk is not."""


def allowed_hosts(cloud: Cloud) -> frozenset[str]:
    """The hosts that may be reached on any port."""
    named = cloud.option(options.WEB_DOWNLOAD_HOSTS).split(",")
    return frozenset(host.strip() for host in named if host.strip())


async def write(blobs: Blobs, cloud: Cloud, uri: str) -> Blob | None:
    """What lies at an address; None where it cannot be had, or the cloud fetches nothing."""
    if cloud.option(options.WEB_DOWNLOAD) == "stand-in":
        return None
    key = cloud.new_blob_key()
    try:
        return await blobs.write(key, download.fetch(uri, allowed_hosts(cloud)), BYTES_MAX)
    except (download.Unreachable, download.Refused, BlobTooLarge, BlobsFull, TimeoutError) as error:
        log.info("download of %s: %s %s", uri, type(error).__name__, error)
        return None


async def stand_in(disk_format: str, uri: str) -> AsyncIterator[bytes]:
    """A KiB of the format that names the address."""
    yield formats.stand_in(disk_format, f"mopenstack does not download images: {uri}\n")
