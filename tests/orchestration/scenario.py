"""The stacks of the recordings, made and changed in the order in which they were.

The recordings show no order; it is read from their times and states. With the profile `manual` a stack stays in the
state that was seen while it was under way.
"""

from __future__ import annotations

import re
from typing import Any

from tests.orchestration.recorded import Exchange, Stage

COMPLETE, READS = "(what is under way ends)", "(all that only looks, or is refused)"

BIG = (
    "create big stack", "stack while creating", "resources while creating", COMPLETE, "create stack: duplicate name",
    READS, "show event",
    "signal handle", "signal handle as reader", "signal handle bad status", "signal handle empty",
    "metadata of signalled handle",
    *(f"{before}{step}" for step in ("ok", "flag string", "no flag", "no reason", "unknown field", "clear")
      for before in ("mark unhealthy: ", "resource after mark unhealthy ")),
    "update stack: resources list", COMPLETE, "update stack: unknown stack field", COMPLETE,
    "update big stack", "stack while updating", COMPLETE, "stack updated", "events after update",
    "patch big stack parameters", COMPLETE, "stack patched", "patch clear parameters", COMPLETE,
    "patch tags", COMPLETE, "stack after tags patch", "patch stack: raw body {}", COMPLETE,
    "preview update", "preview update nested", "preview patch",
    "action check", "stack during check", COMPLETE, "stack after check", "resources after check",
    "action check as reader", COMPLETE,
    "action suspend", "stack during suspend", COMPLETE, "stack after suspend", "resources after suspend",
    "update suspended stack", "stack after update while suspended",
    "snapshot of suspended stack", COMPLETE, "action suspend of suspended", COMPLETE,
    "action resume", "stack during resume", COMPLETE, "stack after resume", "resources after resume",
    "action: cancel_without_rollback with no update", "action: resume of not suspended", COMPLETE,
    "snapshot: raw body {}", COMPLETE, "snapshots after raw bodies",
    "create snapshot", "snapshot while in progress", "snapshot while another action runs", COMPLETE,
    "snapshot done", "list snapshots", "show snapshot as reader", "show snapshot as other project",
    "restore snapshot as reader", "restore snapshot without token",
    "restore snapshot ok", "stack while restoring", COMPLETE, "stack restored",
    "snapshot name integer", COMPLETE, "snapshot name 300",
    "delete snapshot as reader", "delete snapshot without token", "delete snapshot ok", COMPLETE,
    "delete snapshot again",
    "delete stack", "stack while deleting", "update stack while deleting", "delete stack while deleting", COMPLETE,
    "deleted stack by name and id", "deleted stack by name", "deleted stack by id", "resources of deleted stack",
    "events of deleted stack", "stacks show_deleted", "update deleted stack", "delete deleted stack",
)  # fmt: skip
"""What became of the stack `pb-big`."""

V: dict[str, Any] = {"heat_template_version": "2021-04-16"}


DELETED = (
    "bceefacd-f258-4c8f-972d-0d52037f970a",
    "1ff2cde4-4b97-4eda-a410-25407b43dae4",
    "526daf5c-b1c3-43b7-9314-a65d7c986d86",
)
"""Stacks that were deleted before the others were made."""


def _one(**properties: Any) -> dict[str, Any]:
    return {**V, "resources": {"a": {"type": "OS::Heat::TestResource", "properties": properties}}}


def _waiting(count: int) -> dict[str, Any]:
    """A stack that waits for signals."""
    return {
        **V,
        "resources": {
            "h": {"type": "OS::Heat::WaitConditionHandle"},
            "w": {
                "type": "OS::Heat::WaitCondition",
                "properties": {"handle": {"get_resource": "h"}, "count": count, "timeout": 60},
            },
        },
    }


async def walk(stage: Stage, steps: tuple[str, ...]) -> None:
    """Take steps one after the other."""
    for step in steps:
        if step == COMPLETE:
            await stage.complete()
        elif step == READS:
            for one in [one for one in stage.left if _looks(one) and one.situation not in steps]:
                await stage.replay(one)
        else:
            await stage.ask(step)


def _looks(one: Exchange) -> bool:
    """Whether an exchange is about the stack `pb-big` as it was made, or about all stacks, and changes nothing."""
    about = re.search(r"/stacks(/pb-big|/zz|/arn|/[0-9a-f-]{36}\Z|\Z|\?)", one.path)
    return about is not None and one.situation[-11:] != "show_nested" and (one.verb == "GET" or one.status >= 300) and (
        one.verb != "POST" or "/stacks/" in one.path
    )  # fmt: skip


async def failing(stage: Stage) -> None:
    """Stacks that fail, and what becomes of them."""
    await walk(stage, (
        "create failing stack", COMPLETE, "failed stack", "failed resource", "events of failed stack",
        "update failed stack (fix)", COMPLETE, "failed stack after good update", "update that fails", COMPLETE,
        "stack after failed update", "suspend failed stack", COMPLETE, "snapshot of failed stack", COMPLETE,
        "create failing stack with rollback", COMPLETE, "stack rolled back", "events of rolled back stack",
        "resources of rolled back stack",
    ))  # fmt: skip
    await stage.make("d6ae5451-f5f6-4d06-a8f4-fb1b51f6d30d", "pb-s3", _one(value="x"), timeout_mins=5)
    await stage.complete()
    await walk(stage, (
        "failing update with rollback", COMPLETE, "update rolled back", "events of update rolled back",
    ))  # fmt: skip


async def slow(stage: Stage) -> None:
    """Stacks that are acted on while they are under way."""
    await stage.profile("instant")
    await stage.make("29623112-f180-46b7-9375-74281dd4e86e", "pb-s4", _one(wait_secs=40, value="w"))
    await walk(stage, ("slow stack", "resource in progress", "update while creating"))
    await stage.profile("manual")
    await walk(stage, (
        "suspend while creating", "snapshot while creating", "cancel_update while creating",
        "cancel_without_rollback while creating", COMPLETE,
        "stack after cancel_without_rollback", "delete slow stack",
    ))  # fmt: skip
    await stage.profile("instant")
    await stage.make("6bb72ef4-b53a-499a-bf0e-9ffed91efdbb", "pb-s5", _one(value="x"), timeout_mins=5)
    user, id = stage.users["member"], stage.ids["6bb72ef4-b53a-499a-bf0e-9ffed91efdbb"]
    body = {"template": _one(value="y", wait_secs=20)}
    (await user.put("heat-api", f"/v1/{user.project_id}/stacks/pb-s5/{id}", body)).ok(202)
    await walk(stage, ("slow update running", "cancel_update while updating", "stack after cancel_update"))
    await stage.advance(30)
    await walk(stage, ("stack after cancel_update settled",))


async def signalled(stage: Stage) -> None:
    """Stacks that wait for signals, and groups that grow by them."""
    template = _waiting(2)
    template["outputs"] = {
        "d": {"value": {"get_attr": ["w", "data"]}},
        "curl": {"value": {"get_attr": ["h", "curl_cli"]}},
    }
    await stage.make("68af7bf0-1dbf-4ff5-84f3-17431769a9ce", "pb-s6", template)
    await walk(stage, (
        "handle resource", "wait condition first signal", "stack waiting for second signal",
        "wait condition second signal", "wait condition complete",
    ))  # fmt: skip
    await stage.make("79cbe692-b6ec-46d5-8676-f0941967f1d9", "pb-s7", _waiting(1))
    await walk(stage, ("wait condition failure signal", "stack failed by signal"))
    await walk(stage, (
        "create autoscaling stack", "autoscaling stack",
        "autoscaling after signal", "autoscaling size",  # the recorded service had not yet read the signal
        "scale up",
    ))  # fmt: skip
    await stage.advance(2)
    await walk(stage, ("scale up again",))
    await stage.advance(2)
    await walk(stage, ("scale up beyond max",))


async def nested(stage: Stage) -> None:
    """A stack with a nested one, alone in its project."""
    await forget(stage)
    await walk(stage, (
        "create stack with nested template", "nested stack resource", "nested resources", "files", "stacks show_nested",
        "nested stack", "delete nested stack directly",
    ))  # fmt: skip
    await forget(stage)


async def others(stage: Stage) -> None:
    """A stack with a condition, one of a template of CFN, one of Neutron's resources."""
    await walk(stage, (
        "create stack with condition", "stack with condition", "resources with false condition",
        "create CFN stack", "CFN stack", "CFN template",
        "create stack of neutron resources", "neutron stack", "neutron stack resources",
        *(f"neutron resource {name}" for name in ("net", "sub", "port", "sg")),
    ))  # fmt: skip


async def software(stage: Stage) -> None:
    """Software configurations and deployments."""
    user = stage.users["member"]
    deployments = f"/v1/{user.project_id}/software_deployments"
    await walk(stage, (
        "create config: raw body {}", "create config", "list configs", "list configs as reader",
        "list configs as other project", "list configs as admin", "configs limit", "configs marker unknown",
    ))  # fmt: skip
    await stage.ask_all(r"show config|malformed config|unknown config")
    await walk(stage, ("create deployment",))
    await stage.ask_all(r"((list|show|unknown) )?deployment")
    await stage.ask_all(r"create deployment")
    await stage.ask_all(r"update deployment: raw body")
    await walk(stage, ("update deployment", "update deployment: bad status"))
    await stage.ask_all(r"update deployment|update unknown deployment")
    await stage.ask_all(r"delete config (in use|as|without)|delete deployment (as|without)")
    await walk(stage, ("delete deployment ok", "delete deployment again"))
    for one in (await user.get("heat-api", deployments)).ok()["software_deployments"]:
        (await user.delete("heat-api", f"{deployments}/{one['id']}")).ok(204)
    await walk(stage, ("delete config ok", "delete config again"))


async def forget(stage: Stage) -> None:
    """Delete all stacks."""
    user = stage.users["member"]
    for one in (await user.get("heat-api", f"/v1/{user.project_id}/stacks")).ok()["stacks"]:
        path = one["links"][0]["href"].partition("heat-api")[2]
        (await user.delete("heat-api", path)).ok(204)
    await stage.advance(60)


async def the_rest(stage: Stage) -> None:
    """What needs nothing before it: templates that are validated, stacks that are made and looked at."""
    while stage.left:
        one = stage.left[0]
        if one.verb == "GET" and any(other.verb == "POST" and other.status == 201 and _made(other) in one.path
                                     for other in stage.left):  # fmt: skip
            stage.left.append(stage.left.pop(0))
            continue
        await stage.replay(one)
        if one.verb == "POST" and one.status == 201:
            for other in [other for other in stage.left if _made(one) in other.path]:
                await stage.replay(other)
            await forget(stage)


def _made(one: Exchange) -> str:
    return str(one.response["stack"]["id"])


async def replay(stage: Stage) -> None:
    """All of it."""
    await stage.ask_all(r"list stacks empty|path of another project as admin")
    for id in DELETED:
        await stage.make(id, "pb-x", V)
        await forget(stage)
    await stage.profile("manual")
    await walk(stage, BIG)
    await failing(stage)
    await slow(stage)
    await signalled(stage)
    await nested(stage)
    await others(stage)
    await software(stage)
    await forget(stage)
    await the_rest(stage)
