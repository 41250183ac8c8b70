"""Every action in every state against what Nova 2026.1 answered (tests/golden/server-actions.tsv)."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from mopenstack.core.compute.servers.server_states import ACTIONS, ANY, WORDS

GOLDEN = Path(__file__).parents[2] / "golden"
MATRIX = GOLDEN / "server-actions.md"

SERVERS = "/v2.1/servers"
AT = {"headers": {"OpenStack-API-Version": "compute 2.87"}}


@dataclass(slots=True)
class Driver:
    """Servers of one cloud, for a member and an admin."""

    demo: Any
    admin: Any
    image: str

    async def make(self, **server: Any) -> str:
        """A server that runs; its id."""
        body = {"name": "s", "flavorRef": "42", "imageRef": self.image, "networks": "none", **server}
        made = (await self.demo.post("compute", SERVERS, {"server": body}, **AT)).ok(202)
        return str(made["server"]["id"])

    async def act(self, id: str, action: dict[str, Any], *, as_admin: bool = False) -> Any:
        user = self.admin if as_admin else self.demo
        return await user.post("compute", f"{SERVERS}/{id}/action", action, **AT)

    async def show(self, id: str) -> dict[str, Any] | None:
        """The server as an admin sees it; None: it is gone."""
        reply = await self.admin.get("compute", f"{SERVERS}/{id}", **AT)
        return None if reply.status == 404 else reply.ok(200)["server"]

    async def bring(self, state: str) -> str:
        """A fresh server in one of the states that the recording has."""
        id = await self.make()
        for action, as_admin in _WAYS[state]:
            (await self.act(id, action, as_admin=as_admin)).ok()
        return id


_RESIZE: dict[str, Any] = {"resize": {"flavorRef": "84"}}
_WAYS: dict[str, tuple[tuple[dict[str, Any], bool], ...]] = {
    "ACTIVE": (),
    "SHUTOFF": (({"os-stop": None}, False),),
    "PAUSED": (({"pause": None}, False),),
    "SUSPENDED": (({"suspend": None}, False),),
    "RESCUE": (({"rescue": None}, False),),
    "SHELVED_OFFLOADED": (({"shelve": None}, False),),
    "SHELVED_OFFLOADED of a stopped server": (({"os-stop": None}, False), ({"shelve": None}, False)),
    "VERIFY_RESIZE": ((_RESIZE, False),),
    "VERIFY_RESIZE of a stopped server": (({"os-stop": None}, False), (_RESIZE, False)),
    "VERIFY_RESIZE after migrate": (({"migrate": None}, True),),
    "ERROR": (({"os-resetState": {"state": "error"}}, True),),
    "ACTIVE (locked)": (({"lock": None}, False),),
    "ACTIVE (locked by admin)": (({"lock": None}, True),),
}


def body_of(action: str, image: str) -> dict[str, Any] | None:
    """The request of an action as the recording names it; None: it is the DELETE."""
    name = action.split(" (")[0]
    special: dict[str, Any] = {
        "reboot SOFT": {"reboot": {"type": "SOFT"}},
        "reboot HARD": {"reboot": {"type": "HARD"}},
        "resize": _RESIZE,
        "resize same flavor": {"resize": {"flavorRef": "42"}},
        "rebuild": {"rebuild": {"imageRef": image}},
        "createImage": {"createImage": {"name": "snap"}},
        "createBackup": {"createBackup": {"name": "bak", "backup_type": "daily", "rotation": 1}},
        "changePassword": {"changePassword": {"adminPass": "secret"}},
        "getConsoleOutput": {"os-getConsoleOutput": {"length": 10}},
        "addSecurityGroup": {"addSecurityGroup": {"name": "default"}},
        "removeSecurityGroup": {"removeSecurityGroup": {"name": "default"}},
        "os-migrateLive": {"os-migrateLive": {"host": None, "block_migration": "auto"}},
        "evacuate": {"evacuate": {}},
        "resetState error": {"os-resetState": {"state": "error"}},
        "resetState active": {"os-resetState": {"state": "active"}},
        "rescue with password": {"rescue": {"adminPass": "secret"}},
        "lock with reason": {"lock": {"locked_reason": "mine"}},
        "start": {"os-start": None},
        "stop": {"os-stop": None},
        "os-stop by admin": {"os-stop": None},
        "unlock by member": {"unlock": None},
        "confirmResize as member": {"confirmResize": None},
        "revertResize as member": {"revertResize": None},
    }
    if name == "delete":
        return None
    return special.get(name) or {name: None}


# What the recording shows of its own cloud and not of Nova.
FIRST_SEEN_IN = ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "RESCUE", "VERIFY_RESIZE", "ERROR")
OTHER_CLOUD = {
    "evacuate": "which host is named depends on the number of hosts",
}


def recorded() -> list[dict[str, str]]:
    with (GOLDEN / "server-actions.tsv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest_asyncio.fixture
async def driver(cloud: Any, two_hosts: None, demo: Any, admin: Any) -> Driver:
    # The default group is there since the project's first port or the first look at the groups.
    (await demo.get("network", "/v2.0/security-groups")).ok()
    images = (await demo.get("image", "/v2/images")).ok()["images"]
    return Driver(demo, admin, images[0]["id"])


@pytest.mark.parametrize("state", sorted({row["before"] for row in recorded()}))
async def test_recorded(driver: Driver, state: str) -> None:
    wrong = []
    for row in (row for row in recorded() if row["before"] == state):
        id = await driver.bring(state)
        said = await _differences(driver, row, id)
        wrong += [f"{row['action']}: {difference}" for difference in said]
        if await driver.show(id) is not None:
            (await driver.admin.delete("compute", f"{SERVERS}/{id}")).ok(204)
            assert await driver.show(id) is None
    assert not wrong, "\n".join(wrong)


async def _differences(driver: Driver, row: dict[str, str], id: str) -> list[str]:
    body = body_of(row["action"], driver.image)
    as_admin = row["role"] == "admin"
    if body is None:
        reply = await driver.demo.delete("compute", f"{SERVERS}/{id}", **AT)
    else:
        reply = await driver.act(id, body, as_admin=as_admin)
    found = []
    if reply.status != int(row["status"]):
        found.append(f"status {reply.status}, recorded {row['status']} ({reply.body})")
    message = row["message"].replace("{id}", id)
    if message and row["action"] not in OTHER_CLOUD:
        said = next(iter(reply.body.values()))["message"] if isinstance(reply.body, dict) else str(reply.body)
        if said != message:
            found.append(f"message {said!r}, recorded {message!r}")
    shown = await driver.show(id)
    after = "GONE" if shown is None else shown["status"]
    if after != row["after"]:
        found.append(f"then {after}, recorded {row['after']}")
    elif shown is not None:
        state = (shown["OS-EXT-STS:vm_state"], str(shown["OS-EXT-STS:power_state"]))
        if state != (row["vm_state"], row["power_state"]):
            found.append(f"then {state}, recorded {(row['vm_state'], row['power_state'])}")
    return found


UNSEEN = ("DELETED/-", "ACTIVE/-")
"""States of the recordings behind the first ones that a client of this cloud is not shown: the row of a deleted server,
and the moment in which a stopped server that was rebuilt runs."""


async def test_on_the_way(driver: Driver, cloud: Any) -> None:
    """In a realistic cloud a poller sees all that Nova's poller saw, in the same order, and the same end."""
    behind = cloud.serving.engine.clouds[cloud.name]
    wrong = []
    for row in recorded():
        seen = row["seen"].split(" > ")
        if len(seen) < 2 or "/-" in seen[1] or row["before"] not in FIRST_SEEN_IN:
            continue
        id = await driver.bring(row["before"])
        await driver.show(id)
        behind.profile = "realistic"
        body = body_of(row["action"], driver.image)
        if body is None:
            (await driver.demo.delete("compute", f"{SERVERS}/{id}", **AT)).ok()
        else:
            (await driver.act(id, body, as_admin=row["role"] == "admin")).ok()
        states = await _polled(driver, behind, id)
        behind.profile = "instant"
        after = states[-1].partition("/")[0]
        wanted = [seen[1], *(state for state in seen[2:-1] if state not in UNSEEN), seen[-1]]
        if not _holds(states, wanted) or after != row["after"]:
            wrong.append(f"{row['before']} {row['action']}: {states}, recorded {row['seen']}")
        if after != "GONE":
            (await driver.admin.delete("compute", f"{SERVERS}/{id}")).ok(204)
    assert not wrong, "\n".join(wrong)


async def _polled(driver: Driver, behind: Any, id: str) -> list[str]:
    """The states of a server until nothing is under way, each once."""
    states: list[str] = []
    while not states or not states[-1].endswith("/-"):
        shown = await driver.show(id)
        now = "GONE/-" if shown is None else f"{shown['status']}/{shown['OS-EXT-STS:task_state'] or '-'}"
        if now not in states[-1:]:
            states.append(now)
        behind.clock.advance(0.25)
    return states


def _holds(states: list[str], wanted: list[str]) -> bool:
    """Whether states hold others in their order."""
    left = iter(states)
    return all(state in left for state in wanted)


def test_the_matrix_is_the_golden_one() -> None:
    """State x action, rendered from the table; UPDATE_GOLDEN=1 writes it."""
    states = sorted(ANY)
    lines = [
        "| action | " + " | ".join(WORDS[state] for state in states) + " |",
        "|---" * (len(states) + 1) + "|",
    ]
    for action in ACTIONS:
        to = WORDS[action.to] if action.to is not None else "yes"
        lines.append(f"| {action.name} | " + " | ".join(to if s in action.allowed else "" for s in states) + " |")
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        MATRIX.write_text(text, encoding="utf-8")
    assert MATRIX.read_text(encoding="utf-8") == text, "UPDATE_GOLDEN=1 pytest tests/compute/test_server_actions.py"
