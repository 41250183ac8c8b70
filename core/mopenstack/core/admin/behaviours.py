"""Rules that say how transitions go, and transitions led on by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.admin.v1 import behaviours_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest, NotFound, OverLimit
from mopenstack.core.admin.admin import AdminServicer, ResourceNotFound
from mopenstack.core.engine.behaviours import counter_of
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller_patterns import BadPattern, caller_pattern
from mopenstack.core.engine.clouds import Behaviour, Cloud, Time
from mopenstack.core.engine.courses import UnderWay
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.regions import parts, whole
from mopenstack.core.engine.servicer import EMPTY, Result

RULES_MAX = 100


class BehaviourNotFound(NotFound):
    message = "There is no behaviour {id}."


class NothingUnderWay(NotFound):
    message = "Nothing is under way with {kind} {id}."


class TooManyBehaviours(OverLimit):
    message = "A cloud has at most {most} behaviours."


class Behaviours(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Behaviours"]

    async def list_lifecycles(self, call: Call, request: pb.ListLifecyclesRequest) -> Result:
        found = []
        registry = call.administration.engine.registry
        await registry.ready(lambda one: one.lifecycles)
        for kind, lifecycle in sorted(registry.lifecycles.there.items()):
            rows = [
                pb.TransitionOfKind(
                    name=row.name,
                    seconds=row.seconds,
                    states=filter(None, lifecycle.states(row)),
                    fails=lifecycle.can_fail(row),
                )
                for row in lifecycle.transitions()
            ]
            if rows:
                found.append(pb.LifecycleOfKind(kind=kind, transitions=rows))
        return Page(found)

    # -- rules

    async def add_behaviour(self, call: Call, request: pb.AddBehaviourRequest) -> Result:
        engine = call.administration.engine
        cloud = whole(await engine.find_cloud(request.cloud))
        asked = request.behaviour
        _check_transition(await _lifecycle(call, asked.kind), asked)
        rule = Behaviour(
            id=cloud.ids.hex()[:8],
            kind=asked.kind,
            transition=asked.transition,
            name=asked.name,
            project=await engine.transact(cloud, call.context, lambda inner: _project(inner, asked.project)),
            profile=asked.profile,
            time=_time(asked),
            reads=asked.reads,
            error=asked.error,
            times=asked.times,
        )

        def add(fresh: Cloud) -> None:
            if len(fresh.behaviours) >= RULES_MAX:
                raise TooManyBehaviours(most=RULES_MAX)
            fresh.behaviours = [*fresh.behaviours, rule]

        await engine.settings.change(cloud, add)
        return _shown(rule, 0)

    async def list_behaviours(self, call: Call, request: pb.ListBehavioursRequest) -> Result:
        return Page(await _rules(call, await call.administration.engine.find_cloud(request.cloud)))

    async def get_behaviour(self, call: Call, request: pb.BehaviourRequest) -> Result:
        for rule in await _rules(call, await call.administration.engine.find_cloud(request.cloud)):
            if rule.id == request.behaviour_id:
                return rule
        raise BehaviourNotFound(id=request.behaviour_id)

    async def remove_behaviour(self, call: Call, request: pb.BehaviourRequest) -> Result:
        if not await _remove(call, request.cloud, request.behaviour_id):
            raise BehaviourNotFound(id=request.behaviour_id)
        return EMPTY

    async def remove_behaviours(self, call: Call, request: pb.ListBehavioursRequest) -> Result:
        await _remove(call, request.cloud)
        return EMPTY

    # -- transitions

    async def list_transitions(self, call: Call, request: pb.ListTransitionsRequest) -> Result:
        engine = call.administration.engine

        async def run(inner: Call) -> list[pb.Transition]:
            return [
                _under_way(lifecycle, id, UnderWay.of(text))
                for kind, id, text in await inner.tx.pending()
                if (lifecycle := engine.registry.lifecycle_loaded(kind)) is not None
            ]

        found: list[pb.Transition] = []
        for one in parts(await engine.find_cloud(request.cloud)):
            found += await engine.transact(one, call.context, run)
        return Page(found)

    async def complete_transition(self, call: Call, request: pb.CompleteTransitionRequest) -> Result:
        engine = call.administration.engine
        lifecycle = await _lifecycle(call, request.kind)
        answer = pb.CompleteTransitionResponse()

        async def run(inner: Call) -> None:
            obj = await inner.tx.get(lifecycle.message, request.id)
            if obj is None:
                raise ResourceNotFound(kind=request.kind, id=request.id)
            at = await lifecycle.under_way(inner, obj)
            if at is None:
                raise NothingUnderWay(kind=request.kind, id=request.id)
            answer.Clear()
            if request.whole:
                await lifecycle.complete(inner, request.id, at.text())
            else:
                await lifecycle.step(inner, request.id, at)
            left = await lifecycle.under_way(inner, obj)
            if left is not None:
                answer.transition.CopyFrom(_under_way(lifecycle, request.id, left))

        await engine.transact(await engine.find_cloud(request.cloud), call.context, run)
        return answer


async def _lifecycle(call: Call, kind: str) -> Lifecycle[Any]:
    """The table of a kind with transitions; raises BadRequest."""
    registry = call.administration.engine.registry
    await registry.ready(lambda one: one.lifecycles)
    found: Mapping[str, Lifecycle[Any]] = registry.lifecycles
    known = sorted(name for name, table in found.items() if table.transitions())
    if kind not in known:
        raise BadRequest(f"{kind!r} is no kind of resource with transitions; these are: {', '.join(known)}")
    return found[kind]


def _check_transition(lifecycle: Lifecycle[Any], asked: pb.Behaviour) -> None:
    """Refuse what the kind does not have, and what does not go together."""
    rows = [row for row in lifecycle.transitions() if asked.transition in ("", row.name, row.label)]
    if not rows:
        names = ", ".join(row.name for row in lifecycle.transitions())
        raise BadRequest(f"{asked.kind} has no transition {asked.transition!r}; it has: {names}")
    if asked.error and not any(lifecycle.can_fail(row) for row in rows):
        raise BadRequest(f"{asked.transition or 'a transition'} of {asked.kind} cannot end in error.")
    fields = lifecycle.message.DESCRIPTOR.fields_by_name
    for given, field in ((asked.name, "name"), (asked.project, "project_id")):
        if given and field not in fields:
            raise BadRequest(f"{asked.kind} has no {field.removesuffix('_id')} to go by.")
    if asked.name:
        try:
            caller_pattern(asked.name)
        except BadPattern:
            raise BadRequest(f"name: {asked.name!r} is no regular expression, or too large a one.") from None
    ways = [asked.profile, asked.HasField("seconds"), asked.HasField("distribution"), asked.reads]
    if sum(map(bool, ways)) > 1:
        raise BadRequest("Of profile, seconds, distribution and reads at most one can be given.")
    if not any(ways) and not asked.error:
        raise BadRequest("Say how it goes: profile, seconds, distribution, reads or error.")


def _time(asked: pb.Behaviour) -> Time | None:
    if asked.HasField("seconds"):
        return Time("fixed", asked.seconds)
    if not asked.HasField("distribution"):
        return None
    drawn = asked.distribution
    seed = drawn.seed if drawn.HasField("seed") else None
    if drawn.shape == "uniform":
        if drawn.high < drawn.low:
            raise BadRequest("distribution: high is below low.")
        return Time(drawn.shape, drawn.low, drawn.high, seed)
    if drawn.shape == "exponential" and not drawn.mean:
        raise BadRequest("distribution: an exponential one needs a mean.")
    return Time(drawn.shape, drawn.mean, drawn.deviation, seed)


async def _project(call: Call, named: str) -> str:
    """The id of a project by its id or name; raises BadRequest."""
    owner = call.owner_of("project") if named else None
    if owner is None:
        return named
    if await call.tx.get(owner.message, named) is not None:
        return named
    found = [project.id for project in await call.tx.scan(owner.message) if project.name == named]
    if len(found) != 1:
        raise BadRequest(f"There is no project {named!r}." if not found else f"{named!r} names several projects.")
    return str(found[0])


async def _rules(call: Call, cloud: Cloud) -> list[pb.Behaviour]:
    """The rules of a cloud as they are shown."""

    async def run(inner: Call) -> list[pb.Behaviour]:
        counters = inner.of_region("").tx
        return [_shown(rule, await counters.counter(counter_of(rule.id))) for rule in inner.cloud.behaviours]

    found: list[pb.Behaviour] = await call.administration.engine.transact(cloud, call.context, run)
    return found


async def _remove(call: Call, cloud_name: str, rule_id: str = "") -> bool:
    """Remove a rule, or all; what they decided about goes on. Whether there were any."""
    engine = call.administration.engine
    cloud = await engine.find_cloud(cloud_name)
    gone: set[str] = set()

    def remove(fresh: Cloud) -> None:
        gone.update(rule.id for rule in fresh.behaviours if rule_id in ("", rule.id))
        fresh.behaviours = [rule for rule in fresh.behaviours if rule.id not in gone]

    async def release(inner: Call) -> None:
        for kind, id, text in await inner.tx.pending():
            at = UnderWay.of(text)
            if at.course.rule in gone:
                await engine.registry.lifecycle_loaded(kind).release(inner, id, at)

    await engine.settings.change(cloud, remove)
    for one in parts(cloud) if gone else ():
        await engine.transact(one, call.context, release)
    return bool(gone)


def _shown(rule: Behaviour, hits: int) -> pb.Behaviour:
    shown = pb.Behaviour(
        id=rule.id,
        kind=rule.kind,
        transition=rule.transition,
        name=rule.name,
        project=rule.project,
        profile=rule.profile,
        reads=rule.reads,
        error=rule.error,
        times=rule.times,
        hits=hits,
    )
    if rule.time is None:
        return shown
    if rule.time.distribution == "fixed":
        shown.seconds = rule.time.first
        return shown
    drawn = shown.distribution
    drawn.shape = rule.time.distribution
    if rule.time.distribution == "uniform":
        drawn.low, drawn.high = rule.time.first, rule.time.second
    else:
        drawn.mean, drawn.deviation = rule.time.first, rule.time.second
    if rule.time.seed is not None:
        drawn.seed = rule.time.seed
    return shown


def _under_way(lifecycle: Lifecycle[Any], id: str, at: UnderWay) -> pb.Transition:
    row = lifecycle.actions[at.row]
    states = lifecycle.states(row)
    shown = pb.Transition(
        kind=lifecycle.kind,
        id=id,
        name=at.row,
        state=states[at.step],
        left=len(states) - 1 - at.step if at.slow else 0,
        behaviour_id=at.course.rule,
    )
    if at.due != float("inf"):
        shown.due.FromMicroseconds(round(at.due * 1_000_000))
    return shown
