"""Rules of a cloud that say how transitions go: how long they take, whether they wait, how they end.

A rule decides when a transition begins; the one that was added last decides first.
"""

from __future__ import annotations

import random
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller_patterns import caller_pattern
from mopenstack.core.engine.clouds import Behaviour, Time
from mopenstack.core.engine.courses import AS_THE_CLOUD, Course

DRAWN_MAX = 10 * 365 * 86400.0
"""Most seconds that a distribution gives."""


async def course_of(call: Call, kind: str, obj: Any, names: tuple[str, str], *, can_fail: bool) -> Course:
    """What the cloud's rules decide of a transition that begins; `names` are its row's name and label."""
    for rule in reversed(call.cloud.behaviours):
        if rule.kind != kind or (rule.transition and rule.transition not in names):
            continue
        if (rule.error and not can_fail) or not is_about(rule, obj):
            continue
        counters = call.of_region("").tx
        count = await counters.counter(counter_of(rule.id))
        if rule.times and count >= rule.times:
            continue
        await counters.add(counter_of(rule.id), 1)
        seconds = drawn(rule.time, count) if rule.time is not None else None
        return Course(rule.profile, seconds, rule.reads, rule.error, rule.id)
    return AS_THE_CLOUD


def counter_of(rule_id: str) -> str:
    """The name of the counter of the transitions that a rule decided."""
    return f"behaviour/{rule_id}"


def is_about(rule: Behaviour, obj: Any) -> bool:
    """Whether name and project of an object are those of a rule."""
    if rule.project and getattr(obj, "project_id", "") != rule.project:
        return False
    return not rule.name or bool(caller_pattern(rule.name).search(getattr(obj, "name", "")))


def drawn(time: Time, count: int) -> float:
    """The seconds of the transition number `count` (from 0) of a rule; with a seed the same ones in every run."""
    # Reproducible on purpose, and no secret.
    numbers = random.Random() if time.seed is None else random.Random(f"{time.seed}/{count}")  # noqa: S311
    if time.distribution == "uniform":
        found = numbers.uniform(time.first, time.second)
    elif time.distribution == "normal":
        found = numbers.gauss(time.first, time.second)
    elif time.distribution == "exponential":
        found = numbers.expovariate(1 / time.first)
    else:
        found = time.first
    return min(max(found, 0.0), DRAWN_MAX)
