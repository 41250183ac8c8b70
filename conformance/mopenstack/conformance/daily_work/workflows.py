"""The daily work with workflows."""

import json
import time
from typing import Any

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, must

WORKFLOW, WRONG, TRIGGER = f"{PREFIX}_workflow", f"{PREFIX}_wrong", f"{PREFIX}-trigger"
DEFINITION = f"""version: '2.0'
{WORKFLOW}:
  input: [name]
  output:
    said: <% $.said %>
  tasks:
    say:
      action: std.echo output="hello <% $.name %>"
      publish:
        said: <% task().result %>
"""
MISTAKE = f"""version: '2.0'
{WRONG}:
  tasks:
    say: {{action: std.noop, on-success: [nowhere]}}
"""


def _until(shell: Shell, id: str) -> dict[str, Any]:
    """An execution that has ended."""
    end = time.monotonic() + shell.seconds
    while True:
        shown: dict[str, Any] = shell.show("workflow", "execution", "show", id)
        if shown["State"] in ("SUCCESS", "ERROR", "CANCELLED") or time.monotonic() > end:
            return shown
        time.sleep(1)


def _create(shell: Shell) -> None:
    path = shell.folder / "workflow.yaml"
    path.write_text(DEFINITION)
    (made,) = shell.show("workflow", "create", str(path))
    must(made["Name"] == WORKFLOW and made["Input"] == "name", f"the workflow is {made}")
    names = {row["Name"] for row in shell.show("workflow", "list")}
    must(WORKFLOW in names, f"there are {names}")


def _run(shell: Shell) -> None:
    made = shell.show("workflow", "execution", "create", WORKFLOW, json.dumps({"name": "you"}))
    shown = _until(shell, made["ID"])
    must(shown["State"] == "SUCCESS", f"the execution is {shown}")
    said = json.loads(shell.text("workflow", "execution", "output", "show", made["ID"]))
    must(said == {"said": "hello you"}, f"its output is {said}")
    (task,) = shell.show("task", "execution", "list", made["ID"])
    must(task["Name"] == "say" and task["State"] == "SUCCESS", f"its task is {task}")
    shell.text("workflow", "execution", "delete", made["ID"])


def _missing_input(shell: Shell) -> None:
    said = shell.text("workflow", "execution", "create", WORKFLOW, fails=True)
    must("Invalid input" in said and "missing=['name']" in said, said)


def _invalid(shell: Shell) -> None:
    path = shell.folder / "wrong.yaml"
    path.write_text(MISTAKE)
    said = shell.text("workflow", "create", str(path), fails=True)
    must("Task 'nowhere' not found" in said, said)


def _trigger(shell: Shell) -> None:
    arguments = [TRIGGER, WORKFLOW, json.dumps({"name": "you"}), "--pattern", "0 3 1 1 *", "--count", "2"]
    made = shell.show("cron", "trigger", "create", *arguments)
    must(made["Pattern"] == "0 3 1 1 *" and made["Remaining executions"] == 2, f"the trigger is {made}")
    shell.text("cron", "trigger", "delete", TRIGGER)


def _delete(shell: Shell) -> None:
    shell.text("workflow", "delete", WORKFLOW)
    names = {row["Name"] for row in shell.show("workflow", "list")}
    must(WORKFLOW not in names, f"there are {names}")


def clear(shell: Shell) -> None:
    """Delete what a failed case has left."""
    for row in shell.show("cron", "trigger", "list"):
        if row["Name"] == TRIGGER:
            shell.text("cron", "trigger", "delete", TRIGGER)
    for row in shell.show("workflow", "execution", "list"):
        if row["Workflow name"] == WORKFLOW:
            shell.text("workflow", "execution", "delete", "--force", row["ID"])
    for row in shell.show("workflow", "list"):
        if row["Name"] in (WORKFLOW, WRONG):
            shell.text("workflow", "delete", row["ID"])


CASES = (
    Case("workflow-create", "workflow", _create),
    Case("workflow-run", "workflow", _run, needs=("workflow-create",)),
    Case("workflow-missing-input", "workflow", _missing_input, needs=("workflow-create",), negative=True),
    Case("workflow-invalid", "workflow", _invalid, negative=True),
    Case("workflow-cron-trigger", "workflow", _trigger, needs=("workflow-create",)),
    Case("workflow-delete", "workflow", _delete, needs=("workflow-create",)),
)
