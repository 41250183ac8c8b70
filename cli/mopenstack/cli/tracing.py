"""Traces of the calls by OpenTelemetry, exported as its own environment variables say (OTEL_EXPORTER_OTLP_ENDPOINT)."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from typing import Any

SERVICE_NAME = "mopenstack"
EXPORT_SECONDS = 3.0
"""How long the end of a process waits for the last export."""


class NoTracing(RuntimeError):
    """The extra with OpenTelemetry is not installed."""


class OpenTelemetryTraces:
    """A span for each call, below the one that the client says (W3C Trace Context). Raises NoTracing."""

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace import SpanKind, Status, StatusCode
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ModuleNotFoundError as error:
            raise NoTracing(f"Traces need OpenTelemetry ({error.name}): pip install 'mopenstack[otel]'") from None
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes before the name given here.
        ours = Resource({"service.name": SERVICE_NAME})
        resource = ours.merge(Resource.create()) if _is_named() else ours
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter: Any = OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("mopenstack")
        self._propagator = TraceContextTextMapPropagator()
        self._kind, self._failed = SpanKind.SERVER, Status(StatusCode.ERROR)

    def answered(
        self, name: str, carrier: Mapping[str, str], at: float, seconds: float, failed: bool, facts: Mapping[str, Any]
    ) -> None:
        """Tell of a call that came at a time (seconds since the epoch) and took so long."""
        parent = self._propagator.extract(carrier)
        started = round(at * 1e9)
        span = self._tracer.start_span(name, parent, self._kind, facts, start_time=started)
        if failed:
            span.set_status(self._failed)
        span.end(started + round(seconds * 1e9))

    async def close(self) -> None:
        """Export what is left, if the other side takes it soon enough."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, EXPORT_SECONDS)
        if ending.is_alive():
            self._exporter.shutdown()  # it tries again no more


def _is_named() -> bool:
    return bool(os.environ.get("OTEL_SERVICE_NAME") or os.environ.get("OTEL_RESOURCE_ATTRIBUTES"))
