"""What dynamic providers say of a guest: each is asked over HTTP, with five seconds of time.

Source: nova.api.metadata.vendordata_dynamic.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from mopenstack.core.metadata.guest import Guest

log = logging.getLogger(__name__)

SECONDS = 5.0
BYTES_MAX = 1024**2


async def ask(guest: Guest, targets: dict[str, str]) -> dict[str, Any]:
    """Name -> what the provider says; {} for one that does not answer."""
    server = guest.server
    sent = {
        "project-id": server.project_id,
        "instance-id": server.id,
        "image-id": server.image.id,
        "user-data": server.user_data if server.HasField("user_data") else None,
        "hostname": server.hostname,
        "metadata": dict(server.metadata),
        "boot-roles": "",
    }
    found = await asyncio.gather(*(asyncio.to_thread(_post, url, sent) for url in targets.values()))
    return dict(zip(targets, found, strict=True))


def _post(url: str, sent: dict[str, Any]) -> Any:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "openstack-nova-vendordata",
    }
    request = urllib.request.Request(url, json.dumps(sent).encode(), headers, method="POST")  # noqa: S310  # checked
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            content = answer.read(BYTES_MAX)
            return json.loads(content) if content else {}
    except (OSError, urllib.error.URLError, http.client.HTTPException, ValueError) as error:
        log.warning("vendordata of %s: %s", urlsplit(url).hostname, error)
        return {}
