"""What observes the calls of one process: the journals of its clouds, and its numbers."""

from __future__ import annotations

from mopenstack.contract.calls import Traces
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.clouds import DEFAULT, Cloud
from mopenstack.core.engine.counts import CallCounts
from mopenstack.core.engine.journal import JournalSettings, Ring
from mopenstack.core.engine.regions import split


class Observer:
    def __init__(self, clouds: dict[str, Cloud]) -> None:
        self._clouds = clouds
        self.default = JournalSettings("off")
        """What the journal of a cloud keeps that says nothing of its own."""
        self.counts = CallCounts()
        self.traces: Traces | None = None
        """Where calls over gRPC are told; a gateway tells its own."""

    def settings(self, cloud: Cloud) -> JournalSettings:
        """What a cloud's journal keeps."""
        return cloud.journal or self.default

    def journal(self, cloud_name: str) -> Ring | None:
        """The journal of a cloud; None: it is off, or there is no such cloud."""
        cloud = self._clouds.get(cloud_name or DEFAULT) or self._clouds.get(split(cloud_name)[0])
        if cloud is None:
            return None
        settings = cloud.journal or self.default
        if settings.mode == "off":
            return None
        ring = cloud.calls
        if ring is None:
            ring = cloud.calls = Ring(settings)
        elif ring.settings is not settings:
            ring.change(settings)
        return ring

    def answered(self, operation: Operation | None, status: str, seconds: float) -> None:
        """Count a call: by its HTTP status, or the name of the gRPC status."""
        self.counts.add(operation, status, seconds)
