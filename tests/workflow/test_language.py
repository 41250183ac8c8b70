"""What the language of workflows does: graphs, joins, loops, policies, commands, sub-workflows, and its mistakes."""

from __future__ import annotations

import json

from tests.conftest import Cloud, User
from tests.workflow.making import (
    TEXT,
    advance,
    defined,
    ended,
    output,
    ran,
    refused,
    shown,
    started,
    states_of,
    tasks_of,
    until,
)


async def test_a_join_waits_for_all_and_has_what_they_published(demo: User) -> None:
    done = await ran(
        demo,
        """
  output: {sum: "<% $.a + $.b %>", text: "{{ _.b }}!"}
  tasks:
    a: {action: std.echo output=1, publish: {a: <% task().result %>}, on-success: c}
    b: {action: std.echo output=2, publish: {b: "{{ task('b').result }}"}, on-success: c}
    c: {join: all, action: std.noop}
""",
    )
    assert (done["state"], output(done)) == ("SUCCESS", {"sum": 3, "text": "2!"})


async def test_a_join_that_cannot_be_reached_fails(demo: User) -> None:
    done = await ran(
        demo,
        """
  tasks:
    a: {action: std.noop, on-success: c}
    b: {action: std.fail, on-success: c, on-error: d}
    d: {action: std.noop}
    c: {join: all, action: std.noop}
""",
    )
    assert done["state"] == "ERROR"
    assert await states_of(demo, done["id"]) == {"a": "SUCCESS", "b": "ERROR", "c": "ERROR", "d": "SUCCESS"}


async def test_items_are_done_by_the_list_and_their_results_are_one(demo: User) -> None:
    done = await ran(
        demo,
        """
  input: [names]
  output: {all: <% $.all %>}
  tasks:
    each:
      with-items: [n in <% $.names %>, "i in [1, 2, 3]"]
      concurrency: 2
      action: std.echo output="<% $.n %><% $.i %>"
      publish: {all: <% task().result %>}
""",
        input={"names": ["x", "y", "z"]},
    )
    assert output(done) == {"all": ["x1", "y2", "z3"]}
    task = (await tasks_of(demo, done["id"]))["each"]
    actions = (await demo.get("workflow", f"/v2/tasks/{task['id']}/action_executions")).ok()["action_executions"]
    assert len(actions) == 3


async def test_conditions_choose_the_way(demo: User) -> None:
    done = await ran(
        demo,
        """
  input: [n]
  tasks:
    a:
      action: std.noop
      on-success: [{big: <% $.n > 10 %>}, {small: <% $.n <= 10 %>}]
      on-complete: [always]
    big: {action: std.noop}
    small: {action: std.noop}
    always: {action: std.noop}
""",
        input={"n": 3},
    )
    assert await states_of(demo, done["id"]) == {"a": "SUCCESS", "small": "SUCCESS", "always": "SUCCESS"}


async def test_the_commands_of_the_engine(demo: User) -> None:
    failed = await ran(
        demo,
        """
  tasks:
    a: {action: std.noop, on-success: ['fail msg="as told"', b]}
    b: {action: std.noop}
""",
    )
    assert (failed["state"], failed["state_info"]) == ("ERROR", "as told")
    assert await states_of(demo, failed["id"]) == {"a": "SUCCESS"}
    await defined(
        demo,
        """version: '2.0'
p:
  tasks:
    a: {action: std.noop, on-success: [pause, b]}
    b: {action: std.noop}
""",
    )
    paused = await started(demo, "p")
    assert paused["state"] == "PAUSED"
    (await demo.put("workflow", f"/v2/executions/{paused['id']}", {"state": "RUNNING"})).ok(200)
    assert (await shown(demo, paused["id"]))["state"] == "SUCCESS"
    assert await states_of(demo, paused["id"]) == {"a": "SUCCESS", "b": "SUCCESS"}


async def retries(user: User, id: str) -> int:
    """How often task `a` was tried again."""
    context = json.loads((await tasks_of(user, id))["a"]["runtime_context"])
    return int(context["retry_task_policy"]["retry_no"])


async def test_retries_and_waits_go_by_the_clouds_clock(cloud: Cloud, admin: User) -> None:
    running = await ran(
        admin,
        """
  tasks:
    a: {action: std.fail, retry: {count: 2, delay: 100}, on-error: b}
    b: {action: std.echo output=1, wait-before: 50, wait-after: 50}
""",
    )
    await until(admin, running["id"], a="DELAYED")
    await advance(cloud, admin, 100)
    await until(admin, running["id"], a="DELAYED")
    while (await retries(admin, running["id"])) < 2:
        pass
    await advance(cloud, admin, 100)
    await until(admin, running["id"], a="ERROR", b="DELAYED")
    await advance(cloud, admin, 51)
    await until(admin, running["id"], b="DELAYED")
    await advance(cloud, admin, 51)
    await ended(admin, running["id"], "SUCCESS")


async def test_a_task_that_is_too_slow_fails(cloud: Cloud, admin: User) -> None:
    running = await ran(admin, "\n  tasks:\n    a: {action: std.sleep seconds=1000, timeout: 30}\n")
    assert (await shown(admin, running["id"]))["state"] == "RUNNING"
    await advance(cloud, admin, 31)
    await ended(admin, running["id"], "ERROR")
    assert "Task timed out" in (await tasks_of(admin, running["id"]))["a"]["state_info"]


async def test_sub_workflows_and_ad_hoc_actions(demo: User) -> None:
    action = """version: '2.0'
greet:
  base: std.echo
  base-input: {output: "hello <% $.name %>"}
  input: [name]
  output: {said: <% $ %>}
"""
    (await demo.send("POST", "workflow", "/v2/actions", data=action.encode(), headers=TEXT)).ok(201)
    await defined(
        demo,
        """version: '2.0'
inner:
  input: [who]
  output: {text: <% $.text %>}
  tasks:
    a: {action: greet name=<% $.who %>, publish: {text: <% task().result.said %>}}
outer:
  output: {text: <% task(b).result.text %>}
  tasks:
    b: {workflow: inner who="you"}
""",
    )
    done = await started(demo, "outer")
    assert output(done) == {"text": "hello you"}
    task = (await tasks_of(demo, done["id"]))["b"]
    assert task["type"] == "WORKFLOW"
    subs = (await demo.get("workflow", f"/v2/tasks/{task['id']}/executions")).ok()["executions"]
    assert [(one["workflow_name"], one["state"], one["root_execution_id"]) for one in subs] == [
        ("inner", "SUCCESS", done["id"])
    ]


async def test_a_reverse_workflow_does_what_its_target_needs(demo: User) -> None:
    done = await ran(
        demo,
        """
  type: reverse
  tasks:
    a: {action: std.noop}
    b: {action: std.noop, requires: [a]}
    c: {action: std.noop, requires: [b]}
""",
        params={"task_name": "b"},
    )
    assert await states_of(demo, done["id"]) == {"a": "SUCCESS", "b": "SUCCESS"}


async def test_the_environment_is_there_for_expressions(demo: User) -> None:
    body = {"name": "e", "variables": {"host": "h1"}}
    (await demo.post("workflow", "/v2/environments", body)).ok(201)
    done = await ran(
        demo,
        '\n  output: {h: <% env().host %>, j: "{{ env().host }}"}\n  tasks:\n    a: {action: std.noop}\n',
        params={"env": "e"},
    )
    assert output(done) == {"h": "h1", "j": "h1"}


async def test_a_task_is_run_again(demo: User) -> None:
    body = {"name": "e", "variables": {"bad": True}}
    (await demo.post("workflow", "/v2/environments", body)).ok(201)
    failed = await ran(
        demo,
        """
  tasks:
    a:
      action: std.echo output=<% env().value %>
      fail-on: <% env().bad %>
""",
        params={"env": {"value": 1, "bad": True}},
    )
    assert failed["state"] == "ERROR"
    task = (await tasks_of(demo, failed["id"]))["a"]
    again = {"id": task["id"], "state": "RUNNING", "reset": True, "env": json.dumps({"bad": False})}
    (await demo.put("workflow", f"/v2/tasks/{task['id']}", again)).ok(200)
    assert (await shown(demo, failed["id"]))["state"] == "SUCCESS"


async def test_the_result_of_an_asynchronous_action_is_told(demo: User) -> None:
    running = await ran(
        demo,
        "\n  output: {r: <% $.r %>}\n  tasks:\n    a: {action: std.async_noop, publish: {r: <% task().result %>}}\n",
    )
    assert running["state"] == "RUNNING"
    task = (await tasks_of(demo, running["id"]))["a"]
    (action,) = (await demo.get("workflow", f"/v2/tasks/{task['id']}/action_executions")).ok()["action_executions"]
    told = {"state": "SUCCESS", "output": {"n": 7}}
    (await demo.put("workflow", f"/v2/action_executions/{action['id']}", told)).ok(200)
    assert output(await shown(demo, running["id"])) == {"r": {"n": 7}}


async def test_mistakes_of_an_author(demo: User) -> None:
    said = await refused(demo, "version: '2.0'\nw:\n  tasks:\n    a: {action: std.noop, on-success: [nowhere]}\n")
    assert "Task 'nowhere' not found" in said
    said = await refused(demo, "version: '2.0'\nw:\n  tasks:\n    a: {action: std.noop, workflow: v}\n")
    assert said.startswith("Invalid DSL")
    said = await refused(demo, "version: '2.0'\nw:\n  tasks:\n    a: {action: std.echo output=<% $.x + %>}\n")
    assert "Parse error" in said
    assert "not found" in (await demo.post("workflow", "/v2/executions", {"workflow_name": "none"})).body["faultstring"]
    failed = await ran(demo, "\n  tasks:\n    a: {action: no.such_action}\n")
    assert (failed["state"], "no.such_action" in failed["state_info"]) == ("ERROR", True)
    assert "Failed to find action [action_name=no.such_action, namespace=]" in failed["state_info"]
