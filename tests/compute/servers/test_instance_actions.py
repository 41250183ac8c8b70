"""The log of a server, while an action is under way and when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compute.stage import SERVERS, at, boot


class Log:
    """What the log of servers shows to an administrator."""

    def __init__(self, cloud: Any, admin: Any) -> None:
        self.behind = cloud.serving.engine.clouds[cloud.name]
        self.admin = admin

    async def of(self, server_id: str, action: str) -> dict[str, Any]:
        """The one entry of this action, with its events."""
        path = f"{SERVERS}/{server_id}/os-instance-actions"
        listed = (await self.admin.get("compute", path, **at("2.84"))).ok()["instanceActions"]
        (entry,) = (one for one in listed if one["action"] == action)
        shown = await self.admin.get("compute", f"{path}/{entry['request_id']}", **at("2.84"))
        return dict(shown.ok()["instanceAction"])


@pytest.fixture
def log(cloud: Any, admin: Any) -> Iterator[Log]:
    found = Log(cloud, admin)
    found.behind.profile = "realistic"
    yield found
    found.behind.profile = "instant"


async def test_an_action_under_way_has_no_end(log: Log, demo: Any) -> None:
    """Its event has neither end nor result; then the event and the action have the time of the end."""
    id = await boot(demo)
    begun = await log.of(id, "create")
    (event,) = begun["events"]
    assert (event["event"], event["finish_time"], event["result"]) == ("compute__do_build_and_run_instance", None, None)
    assert event["host"]
    assert event["hostId"]
    assert begun["updated_at"] == begun["start_time"] == event["start_time"]
    assert begun["updated_at"].endswith(".000000")
    log.behind.clock.advance(60)
    ended = await log.of(id, "create")
    (event,) = ended["events"]
    assert (event["result"], event["start_time"], ended["message"]) == ("Success", begun["start_time"], None)
    assert ended["updated_at"] == event["finish_time"] > ended["start_time"]
    # What follows leaves it as it is.
    (await demo.post("compute", f"{SERVERS}/{id}/action", {"reboot": {"type": "SOFT"}})).ok(202)
    assert (await log.of(id, "reboot"))["events"][0]["finish_time"] is None
    log.behind.clock.advance(60)
    assert (await log.of(id, "reboot"))["events"][0]["result"] == "Success"
    assert await log.of(id, "create") == ended


async def test_an_action_that_failed_has_an_end(log: Log, demo: Any) -> None:
    """A build that finds no host says so when it ends."""
    body = {"server_group": {"name": "g", "policy": "anti-affinity"}}
    group = (await demo.post("compute", "/v2.1/os-server-groups", body, **at("2.64"))).ok()["server_group"]
    id = [await boot(demo, hints={"group": group["id"]}) for _ in range(4)][-1]
    assert (await log.of(id, "create"))["message"] is None
    log.behind.clock.advance(60)
    ended = await log.of(id, "create")
    (event,) = ended["events"]
    assert (ended["message"], event["result"]) == ("Error", "Error")
    assert event["finish_time"] == ended["updated_at"] > ended["start_time"]


async def test_what_takes_no_time_is_done_at_once(log: Log, demo: Any) -> None:
    """A lock, whatever the profile; everything where transitions are instant."""
    id = await boot(demo)
    log.behind.clock.advance(60)
    (await demo.post("compute", f"{SERVERS}/{id}/action", {"lock": None}, **at("2.84"))).ok(202)
    assert (await log.of(id, "lock"))["events"][0]["result"] == "Success"
    log.behind.profile = "instant"
    other = await boot(demo)
    assert (await log.of(other, "create"))["events"][0]["result"] == "Success"
