"""Executions over HTTP: what workflows do, and what is refused. Texts: the recordings of Mistral 22.0.0."""

from __future__ import annotations

import json

from tests.conftest import User
from tests.workflow.making import defined, started

ONE = """version: '2.0'
wf1:
  description: test
  tags: [t]
  input:
    - a
    - b: 2
  output:
    r: <% $.a %>
  tasks:
    t1:
      action: std.echo output=<% $.a %>
      publish:
        x: <% task().result %>
      on-success: [t2]
    t2:
      action: std.noop
"""


async def test_a_workflow_runs_to_its_end(demo: User) -> None:
    (workflow,) = await defined(demo, ONE)
    assert (workflow["input"], workflow["interface"]) == ('a, b="2"', {"input": ["a", {"b": 2}], "output": ["r"]})
    done = await started(demo, "wf1", input={"a": 1}, description="d", params={"env": {"k": "v"}})
    assert (done["state"], done["output"], done["input"]) == ("SUCCESS", '{"r": 1}', '{"a": 1, "b": 2}')
    assert json.loads(done["params"]) == {"env": {"k": "v"}, "namespace": ""}
    tasks = (await demo.get("workflow", f"/v2/executions/{done['id']}/tasks")).ok()["tasks"]
    assert [(one["name"], one["state"], one["published"]) for one in tasks] == [
        ("t1", "SUCCESS", '{"x": 1}'),
        ("t2", "SUCCESS", "{}"),
    ]
    shown = (await demo.get("workflow", f"/v2/tasks/{tasks[0]['id']}")).ok()
    assert shown["result"] == "1"
