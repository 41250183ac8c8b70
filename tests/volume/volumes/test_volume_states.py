"""Every volume status against every action.

`golden/volume-states.md` is a picture of the table; `golden/volume-actions.tsv` is what Cinder 2026.1 answered to
each action in each status, and every line of it is asked again here.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mopenstack.core.volume.volumes.lifecycle import OWN_WORDS, VOLUMES
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

GOLDEN = Path(__file__).parents[2] / "golden" / "volume-states.md"
UPDATE = "UPDATE_GOLDEN=1 pytest tests/volume/test_volume_states.py"

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "extend": ("POST", "/volumes/{id}/action", {"os-extend": {"new_size": 5}}),
    "reserve": ("POST", "/volumes/{id}/action", {"os-reserve": None}),
    "upload": ("POST", "/volumes/{id}/action", {"os-volume_upload_image": {"image_name": "x"}}),
    "retype": ("POST", "/volumes/{id}/action", {"os-retype": {"new_type": "__DEFAULT__"}}),
    "begin_detaching": ("POST", "/volumes/{id}/action", {"os-begin_detaching": None}),
    "set_bootable": ("POST", "/volumes/{id}/action", {"os-set_bootable": {"bootable": True}}),
    "snapshot": ("POST", "/snapshots", {"snapshot": {"volume_id": "{id}"}}),
    "transfer": ("POST", "/os-volume-transfer", {"transfer": {"volume_id": "{id}"}}),
    "backup": ("POST", "/backups", {"backup": {"volume_id": "{id}"}}),
    "delete": ("DELETE", "/volumes/{id}", None),
}
"""What the recording sent."""


def recorded() -> list[tuple[str, str, int, str]]:
    """(status, action, HTTP status, message) of every recorded answer."""
    with (GOLDEN.parent / "volume-actions.tsv").open(newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))[1:]
    return [(row[0], row[1], int(row[2]), row[3]) for row in rows]


def render() -> str:
    """The table as Markdown: a row an action, a column a status."""
    words = [OWN_WORDS[number] for number in sorted(OWN_WORDS)]
    lines = ["# Volume states", "", "What may be done in which status; `x` begins the action, empty is refused.", ""]
    lines.append("| action | " + " | ".join(words) + " | while | then |")
    lines.append("|---" * (len(words) + 3) + "|")
    for action in VOLUMES.actions.values():
        cells = ["x" if number in action.allowed else "" for number in sorted(OWN_WORDS)]
        under_way = OWN_WORDS[action.interim] if action.interim is not None else ""
        then = OWN_WORDS[action.to] if action.to is not None else ""
        lines.append(f"| {action.name} | " + " | ".join(cells) + f" | {under_way} | {then} |")
    return "\n".join(lines) + "\n"


def test_the_table_is_the_golden_one() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(render(), encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == render(), UPDATE


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("name", sorted(REQUESTS))
async def test_every_status_answers_as_cinder_did(volumes: Any, admin_volumes: Any, name: str) -> None:
    verb, path, body = REQUESTS[name]
    for word, action, status, message in recorded():
        if action != name:
            continue
        id = (await volumes.make())["id"]
        (await admin_volumes.act(id, "os-reset_status", {"status": word})).ok(202)
        filled = json.loads(json.dumps(body).replace("{id}", id))
        reply = await volumes.send(verb, path.format(id=id), filled)
        assert reply.status == status, (word, reply.body)
        if status >= 400:
            assert reply.body["badRequest"]["message"] == message.replace("{id}", id), word


def test_every_status_is_known() -> None:
    assert set(OWN_WORDS) == {value.number for value in Volume.Status.DESCRIPTOR.values if value.number}
