"""The numbers of a process as metrics of prometheus-client, gathered when they are asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import version
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import choose_encoder

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.counts import BOUNDS
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.regions import parts
from mopenstack.core.engine.settings import CloudNotFound

CLOUDS_MAX = 50
"""Clouds whose objects are counted: those of the first names."""
STATES_MAX = 2000
"""Objects of one kind in a cloud whose states are looked at; of more the number alone is told."""


async def gathered(engine: Engine) -> list[Metric]:
    """The metrics of an engine."""
    clouds = [cloud for _, cloud in sorted(engine.clouds.items())]
    return [*_calls(engine), *_of_clouds(engine, clouds), *_store(engine), await _resources(engine, clouds)]


def written(families: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """The metrics, and those of the process (memory, CPU, files), as the text that a client takes, and its type."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Gathered(list(families)))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Gathered:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families

    def describe(self) -> Iterable[Metric]:
        return ()


def _calls(engine: Engine) -> list[Metric]:
    labels = ["operation", "status"]
    calls = CounterMetricFamily("mopenstack_calls", "Calls by operation and HTTP or gRPC status.", labels=labels)
    seconds = HistogramMetricFamily("mopenstack_call_seconds", "How long calls took, in seconds.", labels=labels)
    for operation, status, count in engine.calls.counts.all():
        calls.add_metric([operation, status], count.calls)
        bounds = [*map(str, BOUNDS), "+Inf"]
        buckets = list(zip(bounds, accumulate(count.buckets), strict=True))
        seconds.add_metric([operation, status], buckets, count.seconds)
    return [calls, seconds]


def _of_clouds(engine: Engine, clouds: list[Cloud]) -> list[Metric]:
    def gauge(name: str, text: str, value: Callable[[Cloud], float]) -> Metric:
        family = GaugeMetricFamily(f"mopenstack_{name}", text, labels=["cloud"])
        for cloud in clouds:
            family.add_metric([cloud.name], value(cloud))
        return family

    info = InfoMetricFamily("mopenstack", "The version of mopenstack.", value={"version": version("mopenstack")})
    return [
        info,
        gauge("clock_seconds", "What the clock of the cloud shows, in seconds since the epoch.", _time),
        gauge("clock_rate", "Seconds of the cloud for each real one.", lambda cloud: cloud.clock.rate),
        gauge("fault_rules", "Rules by which calls fail.", lambda cloud: len(cloud.faults)),
        gauge("journal_calls", "Calls that the journal has.", lambda cloud: len(cloud.calls or ())),
        gauge("journal_bytes", "Bytes that they take.", lambda cloud: cloud.calls.bytes if cloud.calls else 0),
    ]


def _time(cloud: Cloud) -> float:
    return cloud.clock.time()


def _store(engine: Engine) -> list[Metric]:
    store = engine.store
    info = InfoMetricFamily("mopenstack_store", "Where the state is; a password in it is masked.")
    info.add_metric([], {"url": store.url, "shared": str(not store.exclusive).lower()})
    commits = CounterMetricFamily("mopenstack_store_commits", "Transactions that wrote, where no other process writes.")
    commits.add_metric([], sum(store.commits.values()))
    kept = GaugeMetricFamily("mopenstack_store_kept", "What is kept in memory of it.", labels=["what"])
    kept.add_metric(["views"], len(store.views))
    kept.add_metric(["answers"], len(store.answers))
    return [info, commits, kept]


async def _resources(engine: Engine, clouds: list[Cloud]) -> Metric:
    """How many objects there are of each kind, by state; a transaction for each kind, so that others are answered."""
    labels = ["cloud", "kind", "state"]
    family = GaugeMetricFamily(
        "mopenstack_resources", "Objects by kind and state; kinds without states have none.", labels=labels
    )
    await engine.registry.ready()
    for cloud in [part for one in clouds[:CLOUDS_MAX] for part in parts(one)]:
        for kind, message in sorted(engine.registry.contract.resources.items()):
            try:
                found = await engine.transact(
                    cloud, RequestContext(cloud=cloud.address), _counter(engine, kind, message)
                )
            except CloudNotFound:  # it was deleted meanwhile
                break
            for state, count in sorted(found.items()):
                family.add_metric([cloud.address, kind, state], count)
        await asyncio.sleep(0)
    return family


def _counter(engine: Engine, kind: str, message: Any) -> Callable[[Call], Any]:
    lifecycle = engine.registry.lifecycles.get(kind)
    name = lifecycle.state if lifecycle is not None else "status"
    field = message.DESCRIPTOR.fields_by_name.get(name)
    words = enum_words(field) if field is not None and field.enum_type is not None else {}

    async def run(call: Call) -> dict[str, int]:
        count: int = await call.tx.count(message)
        if not count or field is None or count > STATES_MAX:
            return {"": count} if count else {}
        states = Counter(getattr(one, name) for one in await call.tx.scan(message))
        return {str(words.get(state, state)): number for state, number in states.items()}

    return run
