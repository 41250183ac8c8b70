"""Policies of tasks: pauses, delays, retries, timeouts.

Source: mistral/engine/policies.py.
"""

from __future__ import annotations

from typing import Any

from mopenstack.core.workflow.language import contexts, specs, states
from mopenstack.core.workflow.language.errors import InvalidDefinition
from mopenstack.core.workflow.language.expressions import evaluate
from mopenstack.core.workflow.language.family import Family, Record

DELAY_MAX = 10**9


def _value(family: Family, task: Record, name: str, *kinds: type) -> Any:
    """The value of a policy of the task, or of the defaults of all tasks."""
    spec = family.spec(family.workflow_of(task))
    own, default = family.task_spec(task).policies, spec.defaults.policies if spec.defaults is not None else None
    value = own.values[name] or (default.values[name] if default is not None else own.values[name])
    return _evaluated(family, task, name, value, *kinds)


def _evaluated(family: Family, task: Record, name: str, value: Any, *kinds: type) -> Any:
    found = evaluate(value, contexts.of_task(family, task))
    right = isinstance(found, kinds) and (bool in kinds or not isinstance(found, bool))
    if isinstance(value, str) and not right:
        raise InvalidDefinition(f"Invalid data type in '{name}' policy: {found!r}")
    return min(found, DELAY_MAX) if isinstance(found, int) and not isinstance(found, bool) else found


def before(family: Family, task: Record) -> None:
    """What the policies do as a task begins."""
    if _value(family, task, "pause-before", bool):
        task["state"], task["state_info"] = states.IDLE, "Set by 'pause-before' policy"
        family.engine.pause(family, family.workflow_of(task))
    delay = _value(family, task, "wait-before", int)
    if delay:
        kept = task["runtime_context"].setdefault("wait_before_policy", {})
        if kept.get("skip"):
            task["state"], task["state_info"] = states.RUNNING, None
        elif task["state"] != states.IDLE:
            kept["skip"] = True
            task["state"] = states.DELAYED
            task["state_info"] = f"Delayed by 'wait-before' policy [delay={delay}]"
            family.later(delay, "continue", task_id=task["id"])
    timeout = _value(family, task, "timeout", int)
    if timeout:
        family.later(timeout, "timeout", task_id=task["id"], timeout=timeout)
    concurrency = _value(family, task, "concurrency", int)
    if concurrency:
        task["runtime_context"]["concurrency"] = concurrency


def after(family: Family, task: Record) -> None:
    """What the policies do as a task ends: it may not have ended after all."""
    delay = _value(family, task, "wait-after", int)
    if delay:
        kept = task["runtime_context"].setdefault("wait_after_policy", {})
        if not kept.get("skip"):
            kept["skip"] = True
            state, info = task["state"], task["state_info"]
            task["state"] = states.DELAYED
            task["state_info"] = f"Delayed by 'wait-after' policy [delay={delay}]"
            family.later(delay, "complete", task_id=task["id"], state=state, info=info)
    if task["state"] == states.SUCCESS and _value(family, task, "fail-on", bool):
        task["state"], task["state_info"] = states.ERROR, "Failed by 'fail-on' policy"
    spec = family.spec(family.workflow_of(task))
    retry = family.task_spec(task).policies.retry
    if retry is None and spec.defaults is not None:
        retry = spec.defaults.policies.retry
    if retry is not None:
        _retry(family, task, retry)


def _retry(family: Family, task: Record, retry: specs.Retry) -> None:
    count = _evaluated(family, task, "count", retry.count, int)
    delay = _evaluated(family, task, "delay", retry.delay, int)
    if not count:
        return
    view = contexts.of_task(family, task, contexts.outbound(task))
    go_on, stop = evaluate(retry.continue_on, view), evaluate(retry.break_on, view)
    if task["state"] not in (states.SUCCESS, states.ERROR):
        return
    kept = task["runtime_context"].setdefault("retry_task_policy", {})
    number = kept.pop("retry_no", 0)
    done = (task["state"] == states.SUCCESS and not retry.continue_on) or (retry.continue_on and not go_on)
    broken = task["state"] == states.ERROR and stop
    if number >= count or broken or done:
        kept["retry_no"] = number
        return
    for work in family.works_of(task):
        work["accepted"] = False
    kept["retry_no"] = number + 1
    joins = bool(family.task_spec(task).join)
    task["state"] = states.WAITING if joins else states.DELAYED
    task["state_info"] = f"Delayed by 'retry' policy [delay={delay}]"
    family.later(delay, "refresh" if joins else "continue", task_id=task["id"])
