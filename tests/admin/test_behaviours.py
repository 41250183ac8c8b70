"""Rules that say how transitions go, and transitions led on by hand."""

from __future__ import annotations

import grpc
import pytest

from mopenstack.admin.v1 import behaviours_pb2 as pb
from mopenstack.admin.v1 import behaviours_pb2_grpc
from tests.admin.behaviour_driver import ADMIN, BOOT, Driver, second_of
from tests.compute.stage import SERVERS, act, at, boot, show

# -- rules


async def test_rules_choose_by_transition_name_and_project(driver: Driver) -> None:
    """The rest of the cloud goes on as its profile says; the newest rule decides first."""
    await driver.add(kind="server", transition="build", name="^slow-", project="demo", profile="manual")
    slow, quick = await driver.new_server(name="slow-1"), await driver.new_server(name="quick-1")
    assert [await driver.server(slow), await driver.server(quick)] == [BOOT[0], "ACTIVE/-"]
    assert await driver.server(await driver.new_server(driver.admin, name="slow-2")) == "ACTIVE/-"
    await driver.add(kind="server", name="^slow-", seconds=0)
    assert await driver.server(await driver.new_server(name="slow-3")) == "ACTIVE/-"
    (await act(driver.demo, quick, {"os-stop": None})).ok(202)
    assert await driver.server(quick) == "SHUTOFF/-"
    assert [rule["hits"] for rule in await driver.rules()] == [1, 1]


async def test_a_rule_says_how_long_it_takes(driver: Driver) -> None:
    """The whole of it, states included, in a cloud where else all is done at once."""
    await driver.stop_clock()
    await driver.add(kind="server", transition="build", seconds=70)
    id = await driver.new_server()
    seen = [await driver.server(id)]
    for seconds in (11, 20, 10, 28):  # at 11, 31, 41 and 69 of 10 + 20 + 10 + 30
        await driver.advance(seconds)
        seen.append(await driver.server(id))
    await driver.advance(2)
    assert [*seen, await driver.server(id)] == [BOOT[0], *BOOT[1:], BOOT[3], "ACTIVE/-"]


async def test_seeded_times_are_the_same_in_every_run(driver: Driver) -> None:
    """Drawn anew for each transition, within the bounds."""
    await driver.stop_clock()
    drawn = {"shape": "uniform", "low": 10, "high": 20, "seed": 7}

    async def run() -> list[float]:
        rule = await driver.add(kind="volume", transition="create", distribution=drawn)
        found = []
        for _ in range(3):
            id = await driver.new_volume()
            (one,) = (one for one in await driver.transitions() if one["id"] == id)
            assert one["behaviour_id"] == rule
            found.append(second_of(one["due"]))
        now = await driver.advance(0)
        (await driver.root.delete(ADMIN, f"{driver.path}/behaviours/{rule}")).ok(204)
        return [round(due - now, 3) for due in found]

    first, second = await run(), await run()
    assert first == second
    assert len(set(first)) == 3
    assert all(10 <= one <= 20 for one in first)


async def test_it_is_done_after_some_reads(driver: Driver) -> None:
    """Reads of the server itself count, and show its states one after the other; others do not."""
    await driver.add(kind="server", transition="build", reads=4, times=1)
    id = await driver.new_server()
    await driver.demo.get("compute", f"{SERVERS}/{id}/os-instance-actions", **at("2.84"))
    (await driver.demo.get("compute", SERVERS)).ok()
    assert [await driver.server(id) for _ in range(6)] == [*BOOT, "ACTIVE/-", "ACTIVE/-"]
    assert await driver.server(await driver.new_server()) == "ACTIVE/-"


async def test_a_rule_that_is_removed_lets_go(driver: Driver) -> None:
    """What waited because of it goes on as the cloud's profile says."""
    rule = await driver.add(kind="server", profile="manual")
    id = await driver.new_server()
    assert await driver.server(id) == BOOT[0]
    (await driver.root.delete(ADMIN, f"{driver.path}/behaviours/{rule}")).ok(204)
    assert await driver.server(id) == "ACTIVE/-"
    assert await driver.rules() == []
    (await driver.root.delete(ADMIN, f"{driver.path}/behaviours/{rule}")).refused(404, f"There is no behaviour {rule}.")


# -- errors


async def test_a_server_ends_in_error(driver: Driver) -> None:
    """With the fault's text, its action failed, and once only."""
    await driver.add(kind="server", transition="build", error="The host caught fire.", times=1)
    id = await driver.new_server()
    assert await driver.server(id) == "ERROR/-"
    fault = (await show(driver.demo, id))["fault"]
    assert (fault["code"], fault["message"]) == (500, "The host caught fire.")
    entry = await driver.log(id, "create")
    assert (entry["message"], entry["events"][-1]["result"]) == ("Error", "Error")
    assert await driver.server(await driver.new_server()) == "ACTIVE/-"


async def test_a_resize_that_fails_leaves_the_flavor(driver: Driver) -> None:
    """And gives its quota back."""
    id = await boot(driver.demo)
    used = (await driver.demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]["totalRAMUsed"]
    flavor = (await show(driver.demo, id))["flavor"]
    await driver.add(kind="server", transition="resize", error="No room.")
    (await act(driver.demo, id, {"resize": {"flavorRef": "1"}})).ok(202)
    assert await driver.server(id) == "ERROR/-"
    assert (await show(driver.demo, id))["flavor"] == flavor
    assert (await driver.demo.get("compute", "/v2.1/limits")).ok()["limits"]["absolute"]["totalRAMUsed"] == used
    moves = (await driver.admin.get("compute", "/v2.1/os-migrations")).ok()["migrations"]
    assert [one["status"] for one in moves] == ["error"]


@pytest.mark.parametrize(
    ("transition", "status"),
    [("create", "error"), ("extend", "error_extending"), ("delete", "error_deleting"), ("retype", "available")],
)
async def test_a_volume_ends_in_error(transition: str, status: str, driver: Driver) -> None:
    demo, path = driver.demo, f"/v3/{driver.demo.project_id}"
    if transition == "create":
        await driver.add(kind="volume", transition="create", error="No space.")
    id = await driver.new_volume()
    await driver.volume(id)
    await driver.add(kind="volume", transition=transition, error="No space.")
    before = (await demo.get("volume", f"{path}/limits")).ok()["limits"]["absolute"]
    if transition == "extend":
        (await demo.post("volume", f"{path}/volumes/{id}/action", {"os-extend": {"new_size": 3}})).ok(202)
    elif transition == "delete":
        (await demo.delete("volume", f"{path}/volumes/{id}")).ok(202)
    elif transition == "retype":
        other = {"volume_type": {"name": "other", "os-volume-type-access:is_public": True}}
        (await driver.admin.post("volume", f"/v3/{driver.admin.project_id}/types", other)).ok(200)
        action = {"os-retype": {"new_type": "other", "migration_policy": "never"}}
        (await demo.post("volume", f"{path}/volumes/{id}/action", action)).ok(202)
    assert await driver.volume(id) == status
    assert (await demo.get("volume", f"{path}/limits")).ok()["limits"]["absolute"] == before


async def test_an_attach_fails(driver: Driver) -> None:
    """The volume is free again, the server does not have it, and its log tells it."""
    server, volume = await boot(driver.demo), await driver.new_volume()
    await driver.volume(volume)
    await driver.add(kind="volume", transition="attach_to_server", error="No path.")
    await driver.attach(server, volume)
    assert await driver.volume(volume) == "available"
    held = await driver.demo.get("compute", f"{SERVERS}/{server}/os-volume_attachments")
    assert held.ok()["volumeAttachments"] == []
    entry = await driver.log(server, "attach_volume")
    assert (entry["message"], entry["events"][0]["details"]) == ("Error", "No path.")


async def test_other_services_end_in_error(driver: Driver) -> None:
    await driver.add(kind="zone", transition="create", error="The name server refused it.")
    zone = {"name": "example.org.", "email": "a@example.org"}
    made = (await driver.demo.post("dns", "/v2/zones", zone)).ok(202)
    assert (await driver.demo.get("dns", f"/v2/zones/{made['id']}")).ok()["status"] == "ERROR"


# -- the admin's side


async def test_what_is_refused(driver: Driver) -> None:
    """In words that name what there is."""
    for rule, said in (
        ({"kind": "spaceship", "profile": "manual"}, "no kind of resource with transitions; these are: amphora"),
        ({"kind": "server", "transition": "fly", "profile": "manual"}, "it has: build"),
        ({"kind": "server", "name": "(", "profile": "manual"}, "no regular expression"),
        ({"kind": "server", "project": "nope", "profile": "manual"}, "There is no project 'nope'."),
        ({"kind": "server"}, "Say how it goes"),
        ({"kind": "server", "profile": "manual", "reads": 2}, "at most one"),
        ({"kind": "server", "profile": "sometimes"}, "profile"),
        ({"kind": "server", "distribution": {"shape": "uniform", "low": 3, "high": 1}}, "high is below low"),
        ({"kind": "server", "distribution": {"shape": "exponential"}}, "needs a mean"),
        ({"kind": "secret_order", "name": "x", "profile": "manual"}, "no name to go by"),
        ({"kind": "server", "profile": "manual", "id": "mine"}, "id"),
    ):
        (await driver.root.post(ADMIN, f"{driver.path}/behaviours", {"behaviour": rule})).refused(400, said)
    assert await driver.rules() == []
    path = f"{driver.path}/resources/server"
    (await driver.root.post(ADMIN, f"{path}/nope/complete", {})).refused(404, "There is no server nope.")
    id = await boot(driver.demo)
    (await driver.root.post(ADMIN, f"{path}/{id}/complete", {})).refused(404, f"Nothing is under way with server {id}.")
    for _ in range(100):
        await driver.add(kind="server", seconds=0)
    full = await driver.root.post(ADMIN, f"{driver.path}/behaviours", {"behaviour": {"kind": "server", "seconds": 0}})
    full.refused(413, "at most 100")
    (await driver.root.delete(ADMIN, f"{driver.path}/behaviours")).ok(204)
    assert await driver.rules() == []


async def test_over_grpc(driver: Driver) -> None:
    """The same rules and transitions, and all kinds with their states."""
    async with grpc.aio.insecure_channel(driver.cloud.serving.grpc) as channel:
        stub = behaviours_pb2_grpc.BehavioursStub(channel)
        known = {one.kind: one for one in (await stub.ListLifecycles(pb.ListLifecyclesRequest())).lifecycles}
        (build,) = (row for row in known["server"].transitions if row.name == "build")
        assert list(build.states) == [state.removeprefix("BUILD/") for state in BOOT]
        rule = pb.Behaviour(kind="server", transition="build", profile="manual")
        request = pb.AddBehaviourRequest(cloud=driver.cloud.name, behaviour=rule)
        id = (await stub.AddBehaviour(request)).behaviour.id
        server = await driver.new_server()
        (one,) = (await stub.ListTransitions(pb.ListTransitionsRequest(cloud=driver.cloud.name))).transitions
        assert (one.id, one.state, one.left, one.behaviour_id) == (server, "scheduling", 3, id)
        assert not one.HasField("due")
        step = pb.CompleteTransitionRequest(cloud=driver.cloud.name, kind="server", id=server)
        assert (await stub.CompleteTransition(step)).transition.state == "networking"
        shown = await stub.GetBehaviour(pb.BehaviourRequest(cloud=driver.cloud.name, behaviour_id=id))
        assert shown.behaviour.hits == 1
    assert await driver.server(server) == "BUILD/networking"


async def test_rules_survive_a_restart(driver: Driver) -> None:
    """They are settings of the cloud, and what was drawn goes with them."""
    from mopenstack.core.engine.clouds import Cloud as Stored

    await driver.add(kind="volume", name="x", distribution={"shape": "normal", "mean": 3, "deviation": 1, "seed": 4})
    await driver.add(kind="server", transition="build", error="e", times=3)
    behind = driver.cloud.serving.engine.clouds[driver.cloud.name]
    assert Stored.load(behind.name, behind.dump()).behaviours == behind.behaviours
