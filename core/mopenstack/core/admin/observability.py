"""The numbers of a process for Prometheus, and what probes ask."""

from __future__ import annotations

import asyncio
from typing import Any

from mopenstack.admin.v1 import observability_pb2 as pb
from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import NotServed, Unavailable
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import DEFAULT
from mopenstack.core.engine.servicer import Result, Servicer

READY_SECONDS_MAX = 5.0
"""How long the store may take to be read."""


class Metrics(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Metrics"]
    transactional = False

    async def get_metrics(self, call: Call, request: pb.GetMetricsRequest) -> Result:
        try:
            # Imported here: it is an extra, and most processes are never asked.
            from mopenstack.core.metrics import gathered, written
        except ModuleNotFoundError as error:
            if error.name != "prometheus_client":
                raise
            raise NotServed("Metrics need prometheus-client: pip install 'mopenstack[metrics]'") from None
        families = await gathered(call.administration.engine)
        text, content_type = await asyncio.to_thread(written, families, call.context.accept)
        return ByteStream.of(text, content_type)


class Probes(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Probes"]
    transactional = False
    for_admins = False

    async def get_health(self, call: Call, request: pb.GetHealthRequest) -> Result:
        return pb.HealthResponse(status="ok")

    async def get_readiness(self, call: Call, request: pb.GetReadinessRequest) -> Result:
        engine: Any = call.administration.engine
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                known = {name for name, _ in await engine.store.clouds()}
        except TimeoutError:
            raise Unavailable("The store does not answer.") from None
        if DEFAULT not in known:
            raise Unavailable(f"There is no cloud named {DEFAULT} (yet).")
        return pb.HealthResponse(status="ok")
