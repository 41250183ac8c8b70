"""How executions go on: what is there is read in one transaction, the language works on it in its own process, and
what came of it is written in another one, unless something else has changed it meanwhile.

What is due later is a transition of the root (`wake`), which the engine leads on as the cloud's clock says. One that
waits for the cloud's profile before its first tasks has the transition `begin`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action as Row
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.workflow.executions import asking, records
from mopenstack.core.workflow.executions.calling import do_call
from mopenstack.core.workflow.sandbox import SANDBOX, TOO_LONG, Needs, Overrun
from mopenstack.workflow.v2 import executions_pb2 as pb
from mopenstack.workflow.v2 import refusals

log = logging.getLogger(__name__)

BEGIN_SECONDS = 2.0
WATCH_SECONDS = 60.0
"""After so long a step is done again that was begun and never ended: its process is gone."""
ATTEMPTS_MAX = 20
QUESTIONS_MAX = 200
ROUNDS_MAX = 100
LOST = (
    "Request to run an action was redelivered, but it cannot be re-run safely. The only safe thing to do is fail it "
    "[action={name}]."
)

EXECUTIONS = Lifecycle(
    pb.Execution,
    [
        Row("begin", frozenset({"RUNNING"}), seconds=BEGIN_SECONDS),
        Row("wake", frozenset({"RUNNING", "PAUSED", "SUCCESS", "ERROR", "CANCELLED"}), seconds=0),
    ],
    lambda action, execution: refusals.ExecutionNotFound(id=execution.id),
    state="state",
    error="ERROR",
    guards=(),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something runs: beside the calls, in a cloud."""

    background: Background
    cloud: Cloud

    @classmethod
    def of(cls, call: Call) -> Place:
        return cls(call.background, call.cloud)

    async def transact(self, run: Callable[[Call], Any]) -> Any:
        return await self.background.transact(self.cloud, RequestContext(cloud=self.cloud.name), run)


class _Changed(Exception):
    """Something else has changed the execution meanwhile."""


async def evolve(place: Place, root_id: str, do: str, **values: Any) -> Any:
    """Have a command done on an execution and all below it; what the language shows of it.

    Raises what refuses it; None where the execution is not there any more.
    """
    answer = await _evolve(place, root_id, do, values)
    for _ in range(ROUNDS_MAX):
        if answer is None or not answer["calls"]:
            break
        results = [await do_call(place, answer["caller"], one) for one in answer["calls"]]
        told = await _evolve(place, root_id, "tell", {"results": results})
        answer = None if told is None else {**told, "shown": answer["shown"]}
    return answer["shown"] if answer is not None else None


async def _evolve(place: Place, root_id: str, do: str, values: dict[str, Any]) -> dict[str, Any] | None:
    for _ in range(ATTEMPTS_MAX):
        found = await place.transact(partial(_look, root_id))
        if found is None:
            return None
        family, step, project = found
        try:
            answer: dict[str, Any] = await ask(place, project, do, family=family, **values)
        except Overrun:
            await place.transact(partial(_give_up, root_id, TOO_LONG))
            raise
        try:
            answer["caller"] = await place.transact(partial(_write, root_id, step, answer, family["time"]))
        except _Changed:
            continue
        return answer
    raise refusals.WorkflowError(why="Too many concurrent changes of an execution; try again.")


async def _look(root_id: str, call: Call) -> Any:
    """What a step works on, which step it is, and whose execution."""
    root = await call.tx.get(pb.Execution, root_id)
    return None if root is None else (await records.family_of(call, root_id), root.step, root.project_id)


async def _write(root_id: str, step: int, answer: dict[str, Any], began: float, call: Call) -> Any:
    """Keep what a step has changed; in whose name it runs. Raises _Changed."""
    root = await call.tx.get(pb.Execution, root_id)
    if root is None or root.step != step:
        raise _Changed
    await records.keep(call, answer, root_id, root.project_id)
    await _plan(call, root_id, answer, began)
    return records.caller_of(root.starter, root.project_id)


async def ask(place: Place, project: str, do: str, **values: Any) -> Any:
    """A command of the language, with the answers to what it asks of the store."""

    async def look(key: list[Any]) -> Any:
        return await place.transact(partial(asking.answer, project, key))

    return await _ask(partial(SANDBOX.ask, project, do), look, values)


async def ask_within(call: Call, project: str, do: str, about: Any, **values: Any) -> Any:
    """The same in a transaction, for which it is made outside; `about` says what is asked, whenever it is run."""

    async def command(**values: Any) -> Any:
        key = json.dumps([do, about, values["family"]["known"]])
        return call.outside(key, partial(SANDBOX.ask, project, do, **values))

    async def look(key: list[Any]) -> Any:
        return await asking.answer(project, key, call)

    return await _ask(command, look, values)


async def _ask(command: Callable[..., Any], look: Callable[[list[Any]], Any], values: dict[str, Any]) -> Any:
    known: dict[str, Any] = {}
    for _ in range(QUESTIONS_MAX):
        values["family"]["known"] = dict(known)
        try:
            return await command(**values)
        except Needs as needs:
            known[json.dumps(needs.key)] = await look(needs.key)
    raise Overrun()


async def _plan(call: Call, root_id: str, answer: dict[str, Any], began: float) -> None:
    """Note what is due next."""
    root = await call.tx.edit(pb.Execution, root_id)
    inside = json.loads(root.inside)
    inside.update({"jobs": answer["jobs"], "calls": answer["calls"], "began": began})
    root.inside = json.dumps(inside)
    root.step += 1
    await call.tx.put(root)
    due = min((job["due"] for job in answer["jobs"]), default=math.inf)
    if answer["calls"]:
        due = min(due, call.started + WATCH_SECONDS)
    if due == math.inf:
        await call.tx.unschedule("workflow_execution", root_id)
    else:
        await call.tx.schedule(root, "wake", due)


async def _give_up(root_id: str, why: str, call: Call) -> None:
    """An execution that takes too long fails."""
    root = await call.tx.get(pb.Execution, root_id)
    for one in (root, *await call.tx.query(pb.Execution, root_execution_id=root_id)):
        if one is not None and one.state not in ("SUCCESS", "ERROR", "CANCELLED"):
            failed = await call.tx.edit(pb.Execution, one.id)
            failed.state, failed.state_info, failed.output = "ERROR", why, json.dumps({"result": why})
            call.stamp(failed.updated_at)
            failed.step += 1
            await call.tx.put(failed)
    await call.tx.unschedule("workflow_execution", root_id)


# -- what is due


@EXECUTIONS.on("wake")
async def _wake(call: Call, root: pb.Execution) -> None:
    await _go_on(call, root, "")


@EXECUTIONS.on("begin")
async def _begin(call: Call, root: pb.Execution) -> None:
    await _go_on(call, root, root.id)


@EXECUTIONS.fails("begin")
async def _not_begun(call: Call, root: pb.Execution, why: str) -> None:
    root.state_info, root.output = why, json.dumps({"result": why})


async def _go_on(call: Call, root: pb.Execution, begin: str) -> None:
    """Let a step be done once the transaction holds; if that does not come about, again in a while."""
    await call.tx.put(root)
    await call.tx.schedule(root, "begin" if begin else "wake", call.cloud.clock.time() + WATCH_SECONDS)
    place, root_id = Place.of(call), root.id
    lost = json.loads(root.inside).get("calls") or []

    async def work(background: Background) -> None:
        await beside(evolve(place, root_id, "tell", results=_lost(lost)) if lost else stepping(place, root_id, begin))

    call.start(work)


def _lost(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": one["id"], "error": LOST.format(name=one["name"])} for one in calls]


async def stepping(place: Place, root_id: str, begin: str = "") -> None:
    """One step: what is due, and what an execution that waited begins with."""
    await evolve(place, root_id, "step", begin=begin)


async def beside(work: Any) -> None:
    """What runs beside the calls and is answered to nobody: its refusals are in what it changes, or in the log."""
    try:
        await work
    except Fault as refused:
        log.warning("an execution did not go on: %s", refused.text)
    except Exception:
        log.exception("an execution did not go on")
