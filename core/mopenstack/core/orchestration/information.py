"""The service itself: its build and its engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import information_pb2 as pb

INTERVAL = 60
_ENGINE, _ID = "6d3a1ed0-5a1f-4f0a-9a39-6f2d7f0c9b11", "1b7c2a55-8a44-4b0e-8f53-0f7a4c9c2d30"


class Information(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["Information"]
    fixed: ClassVar[Mapping[str, Message]] = {
        "GetBuildInfo": pb.GetBuildInfoResponse(
            api=pb.GetBuildInfoResponse.Build(revision="unknown"),
            engine=pb.GetBuildInfoResponse.Build(revision="unknown"),
        )
    }

    async def list_engines(self, call: Call, request: pb.ListEnginesRequest) -> Result:
        """One engine, which reports in time."""
        engine = pb.Engine(
            id=_ID, binary="heat-engine", engine_id=_ENGINE, host="devstack", hostname="devstack", topic="engine",
            report_interval=INTERVAL, status="up",
        )  # fmt: skip
        call.stamp(engine.created_at, call.time - call.time % INTERVAL - 3600)
        call.stamp(engine.updated_at, call.time - call.time % INTERVAL)
        return pb.ListEnginesResponse(services=[engine])
