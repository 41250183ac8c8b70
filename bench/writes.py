"""What clients write and ask for most, one call at a time."""

from __future__ import annotations

import json
from typing import Any

from cloud import Cloud
from sampling import Note, milliseconds

TIMES = 10
WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "POST of a network (ms)": ("/network/v2.0/networks", "network", {"name": "bench"}),
    "POST of a port (ms)": ("/network/v2.0/ports", "port", {"name": "bench"}),
    "POST of a volume (ms)": ("/volume/v3/volumes", "volume", {"name": "bench", "size": 1}),
    "POST of an image record (ms)": (
        "/image/v2/images",
        "",
        {"name": "bench", "disk_format": "raw", "container_format": "bare"},
    ),
}
"""Figure -> path, envelope and body."""


def measure(note: Note, cloud: Cloud) -> None:
    """One round of each; what was made is deleted again."""
    for figure, (path, envelope, body) in WRITES.items():
        body = {**body, "network_id": cloud.network} if envelope == "port" else body
        data = json.dumps({envelope: body} if envelope else body).encode()
        made: list[str] = []

        def write(path: str = path, envelope: str = envelope, data: bytes = data, made: list[str] = made) -> None:
            answer = cloud.client.send("POST", path, data)[1]
            made.append((answer[envelope] if envelope else answer)["id"])

        note(figure, "mopenstack", milliseconds(write, TIMES))
        for id in made:
            cloud.client.send("DELETE", f"{path}/{id}")
    # As a service's middleware asks: with a token of its own for that of a caller.
    asked = {"X-Subject-Token": cloud.token}
    validate = milliseconds(lambda: cloud.client.send("GET", "/identity/v3/auth/tokens", **asked), TIMES)
    note("token validation (ms)", "mopenstack", validate)
