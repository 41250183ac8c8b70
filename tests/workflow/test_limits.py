"""What one caller sends never stops the others, and no project sees what another has."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.conftest import User
from tests.workflow.making import TEXT, defined, ended, refused, shown, started

LONG = (
    "<% range(0, 100000000).select($ * 2).sum() %>",
    "<% range(0, 1000000000).toList().len() %>",
    "<% 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '^(a+)+$' %>",
    "{{ range(100000000) | list | length }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
)
TOO_LONG = "What this asks for takes too long, or too much memory."
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__ }}",
    "<% ''.__class__ %>",
)


@pytest.mark.parametrize("expression", LONG)
async def test_a_long_expression_fails_by_itself(demo: User, expression: str) -> None:
    await defined(
        demo, f"version: '2.0'\nw:\n  tasks:\n    a: {{action: std.noop, publish: {{x: {json.dumps(expression)}}}}}\n"
    )
    running = asyncio.create_task(demo.post("workflow", "/v2/executions", {"workflow_name": "w"}))
    for _ in range(3):
        (await demo.get("workflow", "/v2/workflows")).ok()
    made = await running
    if made.status == 201:
        assert (await ended(demo, made.body["id"], "ERROR"))["state_info"]
    else:
        assert made.status in (400, 500)


@pytest.mark.parametrize("expression", ESCAPES)
async def test_expressions_do_not_leave_their_place(demo: User, expression: str) -> None:
    text = f"version: '2.0'\nw:\n  tasks:\n    a: {{action: std.noop, publish: {{x: {json.dumps(expression)}}}}}\n"
    made = await demo.send("POST", "workflow", "/v2/workflows", data=text.encode(), headers=TEXT)
    if made.status == 400:
        return
    done = await started(demo, "w")
    assert done["state"] == "ERROR"
    assert "subprocess" not in json.dumps(done)


async def test_documents_that_grow_are_refused(demo: User) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for one, other in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{one}: &{one} [{', '.join(['*' + other] * 10)}]\n"
    await refused(demo, f"version: '2.0'\n{bomb}")
    await refused(demo, "version: '2.0'\nw: " + "[" * 5000 + "]" * 5000)


async def test_a_workflow_that_never_ends_is_stopped(demo: User) -> None:
    await defined(
        demo,
        """version: '2.0'
w:
  tasks:
    a: {action: std.noop, on-success: b}
    b: {action: std.noop, on-success: b}
""",
    )
    await _ends_badly(demo, "w")


async def test_a_workflow_in_itself_ends(demo: User) -> None:
    await defined(demo, "version: '2.0'\nself:\n  tasks:\n    a: {workflow: self}\n")
    await _ends_badly(demo, "self")


async def _ends_badly(user: User, name: str) -> None:
    """An execution is refused, or is an error."""
    made = await user.post("workflow", "/v2/executions", {"workflow_name": name})
    if made.status == 201:
        assert (await ended(user, made.body["id"], "ERROR"))["state_info"]
    else:
        assert (made.status, made.body["faultstring"]) == (400, TOO_LONG)
        assert (await user.get("workflow", "/v2/executions")).ok()["executions"] == []


async def test_http_reaches_nobody(demo: User) -> None:
    for name in ("std.http", "std.mistral_http"):
        body = {"name": name, "input": {"url": "http://127.0.0.1:1/"}, "params": {"save_result": True}}
        made = (await demo.post("workflow", "/v2/action_executions", body)).ok(201)
        if made["state"] == "RUNNING":
            made = (await demo.get("workflow", f"/v2/action_executions/{made['id']}")).ok()
        assert (made["state"], "Network is unreachable" in made["output"]) == ("ERROR", True)


async def test_a_project_has_its_own(demo: User, admin: User) -> None:
    (workflow,) = await defined(admin, "version: '2.0'\nsecret:\n  tasks:\n    a: {action: std.noop}\n")
    done = await started(admin, "secret")
    (await admin.post("workflow", "/v2/environments", {"name": "e", "variables": {"a": 1}})).ok(201)
    trigger = {"name": "t", "workflow_name": "secret", "pattern": "0 0 1 1 *"}
    (await admin.post("workflow", "/v2/cron_triggers", trigger)).ok(201)
    for path in ("workflows/" + workflow["id"], "executions/" + done["id"], "environments/e", "cron_triggers/t"):
        assert (await demo.get("workflow", f"/v2/{path}")).status in (403, 404), path
        assert (await demo.delete("workflow", f"/v2/{path}")).status in (403, 404), path
        assert (await admin.get("workflow", f"/v2/{path}")).status == 200, path
    for kind in ("workflows", "executions", "tasks", "action_executions", "environments", "cron_triggers"):
        assert (await demo.get("workflow", f"/v2/{kind}")).ok()[kind] == [], kind
        if kind in ("workflows", "executions", "cron_triggers"):
            assert (await demo.get("workflow", f"/v2/{kind}?all_projects=true")).status == 403, kind
    assert (await demo.post("workflow", "/v2/executions", {"workflow_name": "secret"})).status == 404
    assert (await shown(admin, done["id"]))["state"] == "SUCCESS"


async def test_what_is_public_is_there_for_all(demo: User, admin: User) -> None:
    text = "version: '2.0'\nshared:\n  tasks:\n    a: {action: std.noop}\n"
    made = await admin.send("POST", "workflow", "/v2/workflows?scope=public", data=text.encode(), headers=TEXT)
    made.ok(201)
    done = await started(demo, "shared")
    assert (done["state"], done["project_id"]) == ("SUCCESS", demo.project_id)
    assert (await demo.delete("workflow", "/v2/workflows/shared")).status in (403, 404)
