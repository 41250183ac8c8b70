"""Actions: those of the service, those that projects made of them, and those that other services do.

What reaches beyond the cloud (HTTP, e-mail, SSH) fails as on an executor without a network, and JavaScript as on one
without an engine for it: nothing that a caller writes makes this process talk to anybody.

Source: mistral/actions/std_actions.py, mistral/actions/adhoc.py, mistral/engine/actions.py, mistral_lib.actions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from mopenstack.core.workflow.language import specs
from mopenstack.core.workflow.language.errors import InvalidInput, Needed, WorkflowError
from mopenstack.core.workflow.language.expressions import Bare, Context, evaluate_all
from mopenstack.core.workflow.language.family import Family, Record

UNREACHABLE = "[Errno 101] Network is unreachable"
SECONDS_MAX = 10**9
LENGTH_MAX = 100_000


class ActionFailed(Exception):
    """What an action raises."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an action ended."""

    data: Any = None
    error: Any = None
    cancel: bool = False

    @property
    def state(self) -> str:
        if self.cancel:
            return "CANCELLED"
        return "SUCCESS" if self.error is None else "ERROR"

    def stored(self) -> Record:
        return {"result": self.data if self.state == "SUCCESS" else self.error}


@dataclass(frozen=True, slots=True)
class Sleep:
    """An action that ends in a while, with this data."""

    seconds: float
    data: Any = None


ASYNC = object()
"""What an action returns whose result is told later."""
CALL = object()
"""What an action returns that is done elsewhere."""


@dataclass(slots=True)
class Action:
    """An action as a task runs it."""

    name: str
    class_name: str
    parameters: str
    base: str = ""
    spec: specs.Action | None = None
    chain: tuple[specs.Action, ...] = ()

    @property
    def is_sync(self) -> bool:
        return self.base not in ("std.async_noop", "std.mistral_http")

    def check(self, given: Mapping[str, Any]) -> None:
        """Raises InvalidInput for parameters that the action does not have, or that are missing."""
        if "**" in self.parameters:
            return
        expected = _expected(self.parameters)
        missing = [name for name, default in expected.items() if default is specs.NOT_DEFINED and name not in given]
        unexpected = [name for name in given if name not in expected]
        if missing or unexpected:
            parts = [f"name={self.name}", f"class={self.class_name}"]
            parts += [f"missing={missing}"] if missing else []
            parts += [f"unexpected={unexpected}"] if unexpected else []
            raise InvalidInput(f"Invalid input [{', '.join(parts)}]")

    def base_input(self, given: Record, context: Context | None = None) -> Record:
        """What the action at the end of the chain is given."""
        for spec in self.chain:
            filled = {**{k: v for k, v in spec.input.items() if k not in given and v is not specs.NOT_DEFINED}, **given}
            given = evaluate_all(spec.base_input, Context(filled, context))
        return given

    def transform(self, result: Result) -> Result:
        """The result as the actions of the chain hand it on."""
        for spec in reversed(self.chain):
            if spec.output is not None:
                data = evaluate_all(spec.output, Bare(result.data)) if result.data else spec.output
                result = Result(data, result.error, result.cancel)
        return result


def _expected(parameters: str) -> Record:
    found: Record = {}
    for part in parameters.split(","):
        name, separator, default = part.strip().partition("=")
        if not name:
            continue
        try:
            found[name] = json.loads(default) if separator else specs.NOT_DEFINED
        except ValueError:
            found[name] = default
    return found


@cache
def standard() -> Mapping[str, Record]:
    """Name -> description and parameters of the actions of the service."""
    return _data("standard_actions.json")


@cache
def openstack() -> Mapping[str, Record]:
    """Name -> description and parameters of the actions that other services do."""
    return _data("openstack_actions.json")


def _data(name: str) -> Mapping[str, Record]:
    text = resources.files("mopenstack.core.workflow").joinpath("data", name).read_text(encoding="utf-8")
    found: Mapping[str, Record] = json.loads(text)
    return found


def find(family: Family, name: str, namespace: str) -> Action | None:
    """An action by its name; None where there is none. What the store has of it is asked for."""
    for known in (standard(), openstack()):
        if name in known:
            return Action(name, known[name]["class"], known[name]["input"], name)
    kept = _kept(family, name, namespace)
    if kept is None:
        return None
    if kept["kind"] == "dynamic":
        return Action(name, kept["class_name"] or "None", "**kwargs", "dynamic")
    spec, chain, seen = specs.Action(kept["spec"]), [], {name}
    found = Action(name, "mistral.actions.adhoc.AdHocAction", kept["input"] or "", spec=spec)
    while spec is not None:
        chain.append(spec)
        if spec.base in seen:
            raise WorkflowError(
                f"Found a cycle in an ad-hoc action chain [action_name={name}, duplicate_action_name={spec.base}]"
            )
        seen.add(spec.base)
        if spec.base in standard() or spec.base in openstack():
            found.base = spec.base
            break
        inner = _kept(family, spec.base, namespace)
        if inner is None:
            raise WorkflowError(f"Failed to find base action [action_name={spec.base} namespace={namespace}] ")
        if inner["kind"] == "dynamic":
            found.base = "dynamic"
            break
        spec = specs.Action(inner["spec"])
    found.chain = tuple(chain)
    return found


def _kept(family: Family, name: str, namespace: str) -> Record | None:
    key = json.dumps(["action", name, namespace])
    if key not in family.known:
        raise Needed("action", name, namespace)
    kept: Record | None = family.known[key]
    return kept


def run(action: Action, given: Record, action_id: str | None) -> Any:
    """Result, Sleep, ASYNC or CALL."""
    shown = _SHOWN.get(action.base, action.base)
    try:
        if action.base == "dynamic":
            raise ActionFailed("Code of users is not run in this cloud.")
        if action.base in openstack():
            return CALL
        return _run(action.base, given)
    except (ActionFailed, TypeError, ValueError) as failed:
        return Result(
            error=f"The action raised an exception [action={shown}, action_ex_id={action_id}, msg='{failed}']"
        )


_SHOWN = {"std.fail": "Fail action"}


def _run(name: str, given: Record) -> Any:
    if name == "std.echo":
        seconds = _seconds(given.get("delay", 0), float)
        return Sleep(seconds, given["output"]) if seconds else Result(given["output"])
    if name == "std.sleep":
        seconds = _seconds(given.get("seconds", 1), int)
        return Sleep(seconds) if seconds else Result()
    if name == "std.async_noop":
        return ASYNC
    if name == "std.fail":
        if given.get("error_data"):
            return Result(error=given["error_data"])
        raise ActionFailed("Fail action expected exception.")
    if name == "std.test_dict":
        size = min(int(given.get("size", 0)), LENGTH_MAX)
        return Result({f"{given.get('key_prefix', '')}{n}": given.get("val", "") for n in range(size)})
    if name in ("std.http", "std.mistral_http"):
        if given.get("body") and given.get("json"):
            raise ActionFailed("Only one of the parameters 'json' and 'body' can be passed")
        raise ActionFailed(f"Failed to send HTTP request: {UNREACHABLE}")
    if name == "std.email":
        raise ActionFailed(f"Failed to send an email message: {UNREACHABLE}")
    if name in ("std.ssh", "std.ssh_proxied"):
        raise ActionFailed(f"Failed to execute ssh cmd '{given.get('cmd')}' on {_hosts(given.get('host'))}")
    if name in ("std.js", "std.javascript"):
        raise ActionFailed("JavaScriptAction failed: No module named 'py_mini_racer'")
    return Result()  # std.noop


def _hosts(host: Any) -> Any:
    return host if isinstance(host, list) else [host]


def _seconds(value: Any, kind: Any) -> float:
    try:
        return min(max(float(kind(value)), 0.0), float(SECONDS_MAX))
    except ValueError:
        return 0.0
