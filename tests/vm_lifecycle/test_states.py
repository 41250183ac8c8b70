"""The table of states and actions, walked over HTTP, and the line of the audit log that each step leaves."""

from __future__ import annotations

import re

import pytest

from mopenstack.core.vm_lifecycle.states import status_of
from tests.client import User
from tests.vm_lifecycle.conftest import SDK_WARNINGS, Audit, Vms

pytestmark = SDK_WARNINGS

ACTIONS = ("start", "stop", "restart", "pause", "resume", "delete")
WAYS = {"STOPPED": (), "RUNNING": ("start",), "PAUSED": ("start", "pause"), "DELETED": ("delete",)}
"""State -> how a new VM comes into it."""
TABLE = {
    ("STOPPED", "start"): "RUNNING",
    ("STOPPED", "delete"): "DELETED",
    ("RUNNING", "stop"): "STOPPED",
    ("RUNNING", "restart"): "RUNNING",
    ("RUNNING", "pause"): "PAUSED",
    ("RUNNING", "delete"): "DELETED",
    ("PAUSED", "resume"): "RUNNING",
    ("PAUSED", "stop"): "STOPPED",
    ("PAUSED", "delete"): "DELETED",
}
"""(state, action) -> the state that follows; everything else is refused."""
NOVA = {"STOPPED": "SHUTOFF", "RUNNING": "ACTIVE", "PAUSED": "PAUSED"}


@pytest.mark.parametrize("state", WAYS)
async def test_the_table(vms: Vms, demo: User, audit: Audit, state: str) -> None:
    for action in ACTIONS:
        id = (await vms.create(f"{state}-{action}".lower()))["id"]
        for step in WAYS[state]:
            (await vms.act(id, step)).ok()
        assert await vms.status(id) == state
        reply = await vms.act(id, action)
        line = audit.lines()[-1]
        after = TABLE.get((state, action))
        assert list(line) == ["timestamp", "level", "message", "vm_id", "user", "endpoint"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
        assert (line["vm_id"], line["user"]) == (id, "demo")
        verb, tail = ("DELETE", "") if action == "delete" else ("POST", f"/{action}")
        assert line["endpoint"] == f"{verb} /api/v1/vms/{{vm_id}}{tail}"
        if after is None:
            error = reply.refused(409)["error"]
            assert error["reason"] == "INVALID_TRANSITION"
            assert state in error["message"]
            assert action in error["message"]
            assert line["level"] == "WARNING"
            assert line["message"] == f"{action}: 409 {error['message']}"
        else:
            body = reply.ok(204 if action == "delete" else 200)
            assert action == "delete" or body["status"] == after
            assert line["level"] == "INFO"
            assert line["message"] == (f"{action}: 204" if action == "delete" else f"{action}: 200 {after}")
        left = after or state
        assert await vms.status(id) == left
        if left in NOVA:
            server = (await demo.get("compute", f"/v2.1/servers/{id}")).ok()["server"]
            assert server["status"] == NOVA[left]
        else:
            (await demo.get("compute", f"/v2.1/servers/{id}")).refused(404)


@pytest.mark.parametrize(
    ("status", "task", "metadata", "shown"),
    [
        ("BUILD", "spawning", {"vm-lifecycle": "stopped"}, "STOPPED"),
        ("BUILD", "spawning", {}, "RUNNING"),
        ("BUILD", "deleting", {}, "DELETED"),
        ("SHUTOFF", "powering-on", {}, "RUNNING"),
        ("ACTIVE", "powering-off", {}, "STOPPED"),
        ("ACTIVE", "pausing", {}, "PAUSED"),
        ("ACTIVE", "deleting", {}, "DELETED"),
        ("SHELVED_OFFLOADED", "", {}, "STOPPED"),
        ("SUSPENDED", "", {}, "PAUSED"),
        ("VERIFY_RESIZE", "", {}, "RUNNING"),
        ("SOFT_DELETED", "", {}, "DELETED"),
        ("ERROR", "", {}, "ERROR"),
        ("UNKNOWN", "", {}, "ERROR"),
    ],
)
def test_a_server_as_a_vm(status: str, task: str, metadata: dict[str, str], shown: str) -> None:
    assert status_of(status, task, metadata) == shown
