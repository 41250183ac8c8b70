"""The numbers of a process, what probes ask, its logs and its traces."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.openmetrics import parser as open_metrics
from prometheus_client.parser import text_string_to_metric_families as metrics_of

from mopenstack.admin.v1 import observability_pb2, observability_pb2_grpc
from mopenstack.core.store.base import Unreachable
from mopenstack.network.v2.core import networks_pb2, networks_pb2_grpc
from tests.conftest import Cloud, User
from tests.processes import detached

ADMIN = "_mopenstack"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in metrics_of(text)
        for sample in family.samples
    }


async def _metrics(cloud: Cloud) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    reply = await User(cloud.session, cloud.serving.url).get(ADMIN, "/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    return _samples(reply.content.decode())


def _key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return (f"mopenstack_{name}", frozenset(labels.items()))


async def test_metrics(cloud: Cloud, demo: User) -> None:
    """Calls by operation and status, how long they took, objects by kind and state, clock, faults, store, memory."""
    create = {"operation": "mopenstack.network.v2.Networks.CreateNetwork", "status": "201"}
    before = (await _metrics(cloud)).get(_key("calls_total", **create), 0)
    for name in ("a", "b"):
        (await demo.post("network", "/v2.0/networks", {"network": {"name": name}})).ok(201)
    images = (await demo.get("image", "/v2/images")).ok()["images"]
    server = {"name": "s", "flavorRef": "42", "imageRef": images[0]["id"], "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.37"}
    (await demo.post("compute", "/v2.1/servers", {"server": server}, headers=headers)).ok(202)
    (await demo.get("compute", "/v2.1/servers")).ok(200)
    (await demo.put(ADMIN, f"/clouds/{cloud.name}/clock", {"rate": 7})).ok(200)
    found = await _metrics(cloud)
    assert found[_key("calls_total", **create)] == before + 2
    assert found[_key("call_seconds_count", **create)] == before + 2
    assert found[_key("call_seconds_bucket", **create, le="+Inf")] == before + 2
    assert found[_key("call_seconds_sum", **create)] > 0
    servers = [key for key in found if ("kind", "server") in key[1]]
    assert servers == [_key("resources", cloud=cloud.name, kind="server", state="active")]
    assert found[servers[0]] == 1
    assert found[_key("resources", cloud=cloud.name, kind="port", state="ACTIVE")] >= 1
    assert found[_key("resources", cloud=cloud.name, kind="image", state="active")] == len(images)
    assert found[_key("clock_rate", cloud=cloud.name)] == 7
    assert found[_key("clock_seconds", cloud=cloud.name)] > 1_700_000_000
    assert found[_key("fault_rules", cloud=cloud.name)] == 0
    assert found[_key("journal_calls", cloud=cloud.name)] >= 5
    assert found[("process_resident_memory_bytes", frozenset())] > 1_000_000
    assert any(name == "mopenstack_store_info" for name, _ in found)
    assert not any(ADMIN in dict(labels).get("operation", "") for _, labels in found)


async def test_metrics_in_other_ways(cloud: Cloud, demo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenMetrics where that is asked for, and over gRPC; without the library the refusal says what to install."""
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    anonymous = User(cloud.session, cloud.serving.url)
    text = (await anonymous.get(ADMIN, "/metrics", headers=accept)).content.decode()
    parse: Any = open_metrics.text_string_to_metric_families
    assert "mopenstack_calls" in {family.name for family in parse(text)}
    async with grpc.aio.insecure_channel(cloud.serving.grpc) as channel:
        metadata = (("x-auth-token", demo.token), ("x-mopenstack-cloud", cloud.name))
        request = networks_pb2.GetNetworkRequest(network_id="nope")
        with pytest.raises(grpc.aio.AioRpcError):
            await networks_pb2_grpc.NetworksStub(channel).GetNetwork(request, metadata=metadata)
        stub: Any = observability_pb2_grpc.MetricsStub(channel)
        chunks = [chunk.data async for chunk in stub.GetMetrics(observability_pb2.GetMetricsRequest())]
    found = _samples(b"".join(chunks).decode())
    operation = "mopenstack.network.v2.Networks.GetNetwork"
    assert found[_key("calls_total", operation=operation, status="NOT_FOUND")] >= 1
    monkeypatch.delitem(sys.modules, "mopenstack.core.metrics")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    (await anonymous.get(ADMIN, "/metrics")).refused(501, "pip install 'mopenstack[metrics]'")


async def test_probes(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are answered to all, by whatever name; readiness says whether the store can be read."""
    anonymous = User(cloud.session, cloud.serving.url)
    for path in ("/health", "/ready"):
        for headers in ({}, {"Host": "pod.example:8800"}, {"Origin": "http://x.example"}):
            assert (await anonymous.get(ADMIN, path, headers=headers)).ok(200) == {"status": "ok"}
        assert (await anonymous.post(ADMIN, path, headers={"Host": "pod.example"})).status == 403

    async def away() -> None:
        raise Unreachable("away", in_doubt=False)

    monkeypatch.setattr(cloud.serving.engine.store, "clouds", away)
    (await anonymous.get(ADMIN, "/ready")).refused(503, "cannot be reached")
    assert (await anonymous.get(ADMIN, "/health")).ok(200) == {"status": "ok"}


def test_logs_are_json(tmp_path: Path) -> None:
    """Each line: requests with what they were, and warnings; no query strings."""
    with detached(tmp_path, "--log-format", "json") as status:
        url = f"{status['url']}/identity/v3?token=hush"
        urllib.request.urlopen(url).close()
    text = (tmp_path / "mopenstack/cloud.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if not line.startswith("mopenstack is up")]
    (line,) = [one for one in lines if one.get("path") == "/identity/v3"]
    assert (line["level"], line["method"], line["status"], line["cloud"]) == ("INFO", "GET", 200, "default")
    assert "hush" not in text


def test_logs_are_text(tmp_path: Path) -> None:
    """A line for each request that a person reads."""
    with detached(tmp_path, "--log") as status:
        urllib.request.urlopen(f"{status['url']}/identity/v3").close()
    assert " default GET /identity/v3 200 " in (tmp_path / "mopenstack/cloud.log").read_text()


def test_what_is_logged_as_json() -> None:
    """Records and tracebacks of all libraries, and Python's own warnings."""
    script = (
        "import logging, warnings\nfrom mopenstack.cli.logs import write_json\nwrite_json()\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    logging.getLogger('a.b').exception('it %s', 'broke')\n"
        "warnings.warn('old', DeprecationWarning)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    failed, warned = map(json.loads, done.stderr.splitlines())
    assert (failed["level"], failed["logger"], failed["message"]) == ("ERROR", "a.b", "it broke")
    assert "ZeroDivisionError" in failed["exception"]
    assert "old" in warned["message"]


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """What takes traces over OTLP: its address, and the spans that it was sent."""
    spans: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    spans.extend((names["service.name"], span) for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_traces(tmp_path: Path, collector: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """A span for each call, below the client's, over HTTP and gRPC; they are exported before the process ends."""
    address, spans = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    with detached(tmp_path, "--traces") as status:
        request = urllib.request.Request(f"{status['url']}/compute/v2.1/servers/abc", headers={"traceparent": PARENT})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
        one = networks_pb2.GetNetworkRequest(network_id="abc")
        with grpc.insecure_channel(status["grpc"]) as channel, pytest.raises(grpc.RpcError):
            networks_pb2_grpc.NetworksStub(channel).GetNetwork(one, metadata=(("traceparent", PARENT),))
    found = {span.name: span for service, span in spans if service == "mopenstack"}
    over_http = found["GET /compute/v2.1/servers/{server_id}"]
    over_grpc = found["mopenstack.network.v2.Networks/GetNetwork"]
    for span in (over_http, over_grpc):
        assert span.trace_id.hex() == PARENT.split("-")[1]
        assert span.parent_span_id.hex() == PARENT.split("-")[2]
        assert span.end_time_unix_nano >= span.start_time_unix_nano
    told = {one.key: one.value for one in over_http.attributes}
    assert told["http.response.status_code"].int_value == 401
    assert told["mopenstack.operation"].string_value == "mopenstack.compute.v2.Servers.GetServer"
    assert not any(ADMIN in name for name in found)


def test_what_is_not_asked_for_is_not_loaded(tmp_path: Path) -> None:
    """A start imports neither the metrics' library nor that of traces; without the latter, --traces says what to do."""
    script = (
        "import asyncio, sys\nfrom mopenstack.cli.serve import Settings, serving\n"
        "async def main():\n    async with serving(Settings(port=0)):\n"
        "        assert not {'prometheus_client', 'opentelemetry'} & sys.modules.keys()\nasyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-P", "-c", script], check=True, timeout=60)
    broken = tmp_path / "opentelemetry.py"
    broken.write_text("raise ModuleNotFoundError(name='opentelemetry')")
    script = "from mopenstack.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script, "up", "--port", "0", "--traces"],
        env={"PATH": "/usr/bin", "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "pip install 'mopenstack[otel]'" in done.stderr
