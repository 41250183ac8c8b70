"""The daily work with stacks."""

import json
from typing import Any

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, must

STACK, CONFIG = f"{PREFIX}-stack", f"{PREFIX}-config"
FAILING, HELD = f"{PREFIX}-stack-failing", f"{PREFIX}-stack-held"
TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "parameters": {"length": {"type": "number", "default": 8}},
    "resources": {
        "word": {"type": "OS::Heat::RandomString", "properties": {"length": {"get_param": "length"}}},
        "network": {"type": "OS::Neutron::Net", "properties": {"name": f"{PREFIX}-stack-network"}},
        "handle": {"type": "OS::Heat::WaitConditionHandle"},
    },
    "outputs": {"word": {"value": {"get_attr": ["word", "value"]}}},
}
WRONG = {
    "heat_template_version": "2021-04-16",
    "resources": {"bad": {"type": "OS::Heat::TestResource", "properties": {"fail": True, "value": "x"}}},
}
CIRCLE = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "a": {"type": "OS::Heat::Value", "properties": {"value": {"get_resource": "b"}}},
        "b": {"type": "OS::Heat::Value", "properties": {"value": {"get_resource": "a"}}},
    },
}
HOOKS = {"resource_registry": {"resources": {"word": {"hooks": "pre-create"}}}}


def _file(shell: Shell, name: str, document: Any) -> str:
    path = shell.folder / name
    path.write_text(json.dumps(document))
    return str(path)


def _state(shell: Shell, name: str) -> str:
    return str(shell.show("stack", "show", name)["stack_status"])


def _create(shell: Shell) -> None:
    template = _file(shell, "stack.yaml", TEMPLATE)
    shell.text("stack", "create", "-t", template, "--parameter", "length=6", "--wait", STACK)
    rows = {row["Stack Name"]: row for row in shell.show("stack", "list")}
    must(rows[STACK]["Stack Status"] == "CREATE_COMPLETE", f"there are {rows}")
    shown = shell.show("stack", "template", "show", STACK)
    must(set(shown["resources"]) == {"word", "network", "handle"}, f"its template is {shown}")
    shown = shell.show("stack", "environment", "show", STACK)
    must(shown["parameters"] == {"length": "6"}, f"its environment is {shown}")
    said = shell.text("stack", "file", "list", STACK)
    must(said.strip() == "files: {}", f"it has files: {said}")


def _outputs(shell: Shell) -> None:
    shown = shell.show("stack", "output", "show", STACK, "word")
    must(len(shown["output_value"]) == 6, f"the output is {shown}")
    rows = shell.show("stack", "output", "list", STACK)
    must([row["output_key"] for row in rows] == ["word"], f"the outputs are {rows}")


def _resources(shell: Shell) -> None:
    rows = {row["resource_name"]: row for row in shell.show("stack", "resource", "list", STACK)}
    must({row["resource_status"] for row in rows.values()} == {"CREATE_COMPLETE"}, f"the resources are {rows}")
    network = shell.show("network", "show", f"{PREFIX}-stack-network")
    must(network["id"] == rows["network"]["physical_resource_id"], f"the network is {network}")
    shown = shell.show("stack", "resource", "show", STACK, "network")
    must(shown["attributes"]["name"] == network["name"], f"the resource is {shown}")
    events = shell.show("stack", "event", "list", STACK, "--resource", "network")
    must([row["resource_status"] for row in events] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"], f"{events}")
    event = shell.show("stack", "event", "show", STACK, "network", events[-1]["id"])
    must(event["resource_status_reason"] == "state changed", f"the event is {event}")


def _signal(shell: Shell) -> None:
    shell.text("stack", "resource", "signal", STACK, "handle", "--data", json.dumps({"data": "here", "id": "one"}))
    shown = shell.show("stack", "resource", "metadata", STACK, "handle")
    must(shown["one"]["data"] == "here", f"the metadata is {shown}")


def _update(shell: Shell) -> None:
    template = _file(shell, "stack.yaml", TEMPLATE)
    said = shell.text("stack", "update", "-t", template, "--parameter", "length=9", "--dry-run", STACK)
    must("replaced" in said, said)
    shell.text("stack", "update", "-t", template, "--parameter", "length=9", "--wait", STACK)
    must(_state(shell, STACK) == "UPDATE_COMPLETE", "it is not updated")
    shown = shell.show("stack", "output", "show", STACK, "word")
    must(len(shown["output_value"]) == 9, f"the output is {shown}")


def _actions(shell: Shell) -> None:
    for verb, state in (("check", "CHECK"), ("suspend", "SUSPEND"), ("resume", "RESUME")):
        shell.text("stack", verb, "--wait", STACK)
        found = _state(shell, STACK)
        must(found == f"{state}_COMPLETE", f"after {verb} it is {found}")


def _snapshots(shell: Shell) -> None:
    made = shell.show("stack", "snapshot", "create", "--name", f"{PREFIX}-stack-snapshot", STACK)
    rows = shell.show("stack", "snapshot", "list", STACK)
    must([row["id"] for row in rows] == [made["ID"]], f"the snapshots are {rows}")
    shown = shell.show("stack", "snapshot", "show", STACK, made["ID"])
    must(shown.get("snapshot", shown)["status"] == "COMPLETE", f"the snapshot is {shown}")
    shell.text("stack", "snapshot", "restore", STACK, made["ID"])
    must(_state(shell, STACK) == "RESTORE_COMPLETE", "it is not restored")
    shell.text("stack", "snapshot", "delete", "-y", STACK, made["ID"])
    must(not shell.show("stack", "snapshot", "list", STACK), "the snapshot is still there")


def _unhealthy(shell: Shell) -> None:
    shell.text("stack", "resource", "mark", "unhealthy", STACK, "word", "it is broken")
    shown = shell.show("stack", "resource", "show", STACK, "word")
    must(shown["resource_status"] == "CHECK_FAILED", f"the resource is {shown}")
    shell.text("stack", "resource", "mark", "unhealthy", "--reset", STACK, "word")


def _hooks(shell: Shell) -> None:
    template, hooks = _file(shell, "stack.yaml", TEMPLATE), _file(shell, "hooks.yaml", HOOKS)
    document = {**TEMPLATE, "resources": {"word": TEMPLATE["resources"]["word"]}}
    template = _file(shell, "held.yaml", document)
    shell.text("stack", "create", "-t", template, "-e", hooks, HELD)
    must(_state(shell, HELD) == "CREATE_IN_PROGRESS", "it is not held")
    rows = shell.show("stack", "hook", "poll", HELD)
    must([row["Resource Name"] for row in rows] == ["word"], f"what waits is {rows}")
    shell.text("stack", "hook", "clear", "--pre-create", HELD, "word")
    must(_state(shell, HELD) == "CREATE_COMPLETE", "it still waits")
    shell.text("stack", "delete", "-y", "--wait", HELD)


def _failure(shell: Shell) -> None:
    said = shell.text("stack", "create", "-t", _file(shell, "wrong.yaml", WRONG), "--wait", FAILING, fails=True)
    must("CREATE_FAILED" in said, said)
    said = shell.text("stack", "failures", "list", FAILING)
    must("resource_type: OS::Heat::TestResource" in said and "Test Resource failed bad" in said, said)
    shell.text("stack", "delete", "-y", "--wait", FAILING)


def _circle(shell: Shell) -> None:
    said = shell.text("stack", "create", "-t", _file(shell, "circle.yaml", CIRCLE), FAILING, fails=True)
    must("Circular Dependency Found" in said, said)


def _abandon(shell: Shell) -> None:
    said = shell.text("stack", "abandon", STACK, fails=True)
    must("Stack Abandon is not supported" in said, said)


def _cancel(shell: Shell) -> None:
    said = shell.text("stack", "cancel", STACK, fails=True)
    must("not in cancelable state" in said, said)


def _templates(shell: Shell) -> None:
    shown = shell.show("orchestration", "template", "validate", "-t", _file(shell, "stack.yaml", TEMPLATE))
    must("length" in shown["Parameters"], f"the template is {shown}")
    versions = [row["Version"] for row in shell.show("orchestration", "template", "version", "list")]
    must("heat_template_version.2021-04-16" in versions, f"the versions are {versions}")
    words = [row["Functions"] for row in shell.show("orchestration", "template", "function", "list", versions[-1])]
    must("get_param" in words or "Ref" in words, f"the functions are {words}")
    types = [row["Resource Type"] for row in shell.show("orchestration", "resource", "type", "list")]
    must("OS::Manila::Share" in types, f"the types are {types}")
    shown = shell.show("orchestration", "resource", "type", "show", "OS::Heat::Value")
    must("value" in shown["properties"], f"the type is {shown}")
    shown = shell.show("orchestration", "build", "info")
    must("revision" in shown["engine"], f"the build is {shown}")


def _software(shell: Shell) -> None:
    path = shell.folder / "config.sh"
    path.write_text("echo $name\n")
    made = shell.show("software", "config", "create", "--config-file", str(path), "--group", "script", CONFIG)
    shown = shell.show("software", "config", "show", made["id"])
    must(shown["config"] == "echo $name\n", f"the configuration is {shown}")
    names = [row["name"] for row in shell.show("software", "config", "list")]
    must(CONFIG in names, f"there are {names}")
    arguments = ["--config", made["id"], "--server", "11111111-1111-1111-1111-111111111111"]
    deployed = shell.show("software", "deployment", "create", CONFIG, *arguments, "--signal-transport", "NO_SIGNAL")
    must(deployed["status"] == "IN_PROGRESS", f"the deployment is {deployed}")
    rows = {row["id"]: row for row in shell.show("software", "deployment", "list")}
    must(rows[deployed["id"]]["action"] == deployed["action"], f"there are {rows}")
    shell.text("software", "deployment", "delete", deployed["id"])
    shell.text("software", "config", "delete", made["id"])


def _delete(shell: Shell) -> None:
    shell.text("stack", "delete", "-y", "--wait", STACK)
    must(not shell.show("stack", "list"), "a stack is still there")
    must(f"{PREFIX}-stack-network" not in shell.listed("network", "list"), "its network is still there")


def clear(shell: Shell) -> None:
    """Delete what a failed case has left."""
    for row in shell.show("stack", "list"):
        if row["Stack Name"] in (STACK, FAILING, HELD):
            shell.text("stack", "delete", "-y", "--wait", row["ID"])
    for row in shell.show("software", "deployment", "list"):
        shell.text("software", "deployment", "delete", row["id"])
    for row in shell.show("software", "config", "list"):
        if row["name"].startswith(PREFIX):
            shell.text("software", "config", "delete", row["id"])


_NEEDED = ("stack-create",)
CASES = (
    Case("stack-create", "orchestration", _create),
    Case("stack-outputs", "orchestration", _outputs, needs=_NEEDED),
    Case("stack-resources-events", "orchestration", _resources, needs=_NEEDED),
    Case("stack-signal", "orchestration", _signal, needs=_NEEDED),
    Case("stack-update", "orchestration", _update, needs=_NEEDED),
    Case("stack-check-suspend-resume", "orchestration", _actions, needs=_NEEDED),
    Case("stack-snapshot-restore", "orchestration", _snapshots, needs=_NEEDED),
    Case("stack-resource-unhealthy", "orchestration", _unhealthy, needs=_NEEDED),
    Case("stack-hooks", "orchestration", _hooks),
    Case("stack-failures", "orchestration", _failure, negative=True),
    Case("stack-circle", "orchestration", _circle, negative=True),
    Case("stack-abandon-off", "orchestration", _abandon, needs=_NEEDED, negative=True),
    Case("stack-cancel-at-rest", "orchestration", _cancel, needs=_NEEDED, negative=True),
    Case("stack-templates-types", "orchestration", _templates),
    Case("software-config-deployment", "orchestration", _software),
    Case("stack-delete", "orchestration", _delete, needs=_NEEDED),
)
