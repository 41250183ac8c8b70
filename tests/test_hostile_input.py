"""Nothing that one caller sends stops the others: long, deep and many values for every field of every operation.

Each answer is below 500 or a deliberate one (the fixture `cloud` looks at that), comes, and takes no more than
RATIO times the processor time of what is usual: of the operation's own normal answer, or of the middle one of all.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.operations import Operation
from mopenstack.contract.service import every
from tests import hostile_inputs, policy_matrix, policy_stage
from tests.conftest import Cloud, User
from tests.policy_matrix import Sent

RATIO = 50
PACKAGES = [name for name, api in contract(every()).apis.items() if api.type]
PARTS = 2
"""Of a package with many operations: workers share them."""
_VARIABLE = re.compile(r"\{([^}=]*)")


@dataclass(slots=True)
class Times:
    """Seconds of processor time of what was sent; the test and the cloud share one process."""

    normal: dict[str, float] = field(default_factory=dict)
    hostile: list[tuple[str, str, float]] = field(default_factory=list)
    """(operation, what was sent, seconds)"""
    broken: list[str] = field(default_factory=list)
    """What no answer came for."""

    def slow(self) -> list[str]:
        """What took more than RATIO times the usual."""
        usual = statistics.median([*self.normal.values(), *(seconds for _, _, seconds in self.hostile)])
        return [
            f"{name}: {what}: {seconds:.3f} s where {max(usual, self.normal[name]):.4f} s are usual"
            for name, what, seconds in self.hostile
            if seconds > RATIO * max(usual, self.normal[name])
        ]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("package", PACKAGES)
async def test_every_operation(package: str, part: int, cloud: Cloud, admin: User) -> None:
    stage = await policy_stage.set_up(cloud, admin)
    times = Times()
    operations = [one for one in contract(every()).operations if one.package == package and one.routes][part::PARTS]
    with policy_stage.undoing(cloud.serving.engine):
        for place, operation in enumerate(operations):
            for user, share in ((admin, 0), (stage.users["member"], 1)):
                await _ask(user, operation, stage, times, share, place)
    policy_stage.forget_violations(cloud)
    assert not times.broken, "no answer:\n" + "\n".join(times.broken)
    assert not times.slow(), "slow answers:\n" + "\n".join(times.slow())


async def _ask(
    user: User, operation: Operation, stage: policy_stage.Stage, times: Times, share: int, place: int
) -> None:
    normal = policy_matrix.request_of(user, operation, stage)
    seconds = await _time(user, operation, normal, normal.body, "normal", times)
    times.normal[operation.name] = max(seconds, times.normal.get(operation.name, 0))
    for what, sent, body in _hostile(operation, normal, share, place):
        seconds = await _time(user, operation, sent, body, what, times)
        for _ in range(2):  # not for what the interpreter happened to do meanwhile
            if seconds > RATIO * times.normal[operation.name]:
                seconds = min(seconds, await _time(user, operation, sent, body, what, times))
        times.hostile.append((operation.name, what, seconds))


def _hostile(operation: Operation, normal: Sent, share: int, place: int) -> Iterator[tuple[str, Sent, dict[str, Any]]]:
    """(what it is, request, body): an administrator sends each field's own long value, all send one of the others."""
    if normal.verb == "GET":
        for number, query in enumerate(hostile_inputs.queries(operation)):
            if number % 2 == share:
                yield query[:60], Sent(normal.verb, f"{normal.path}?{query}", normal.headers, {}, 0), {}
    document = normal.body.get("json")
    if not isinstance(document, dict):
        return
    inside = (operation.action,) if operation.action else ()
    variables = frozenset(_VARIABLE.findall(policy_matrix.route_of(operation).path))
    for number, (keys, message_field) in enumerate(
        hostile_inputs.places(operation, normal.microversion, variables), place
    ):
        own, *others = hostile_inputs.values(message_field)
        other = others[number // 2 % len(others)]
        chosen = [other] if share and number % 2 else [] if share else [own, other][: 2 - number % 2]
        for value in chosen:
            body = hostile_inputs.put(document, (*inside, *keys), value)
            yield f"{'.'.join(keys)}: {str(value)[:30]} ...", normal, {"json": body}


async def _time(user: User, operation: Operation, sent: Sent, body: dict[str, Any], what: str, times: Times) -> float:
    before = time.process_time()
    try:
        await user.send(sent.verb, operation.api.prefix.lstrip("/"), sent.path, headers=sent.headers, **body)
    except aiohttp.ClientError as error:
        times.broken.append(f"{operation.name}: {what}: {error!r}")
    return time.process_time() - before
