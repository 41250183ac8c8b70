"""A stand-in of the Docker Engine API: its containers are processes of this machine.

There is no container runtime where these tests must run, so the API is spoken as far as testcontainers asks, and what
a container of the image would run (`mopenstack <command>`) is run beside it, at the ports that it would be mapped to.
What is proved is what the classes ask of the engine and what they do with the cloud; not that an engine does it.

Source: Docker Engine API 1.44.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LISTENS = {"--port": "8800/tcp", "--grpc-port": "8801/tcp"}
"""Option of `mopenstack up` -> the port of the container that it listens at."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Container:
    """One container: what was asked for it, and its process."""

    asked: dict[str, Any]
    folder: Path
    id: str = field(default_factory=lambda: secrets.token_hex(32))
    ports: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Run the command of the image with the container's environment and nothing of ours but where Python is."""
        words = list(self.asked["Cmd"])
        for option, port in LISTENS.items():
            place = words.index(option) + 1
            assert f"{words[place]}/tcp" == port, words
            assert port in self.asked["ExposedPorts"]
            self.ports[port] = free_port()
            words[place] = str(self.ports[port])
        variables = dict(one.split("=", 1) for one in self.asked.get("Env") or [])
        kept = {key: os.environ[key] for key in ("PATH", "MOPENSTACK_CACHE", "HOME") if key in os.environ}
        self.folder.mkdir()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mopenstack.cli.main", *words],
                env={**kept, **variables, "MOPENSTACK_STATE": str(self.folder)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def inspected(self) -> dict[str, Any]:
        ports = {port: [{"HostIp": "127.0.0.1", "HostPort": str(number)}] for port, number in self.ports.items()}
        state = "running" if self.running else "created" if self.process is None else "exited"
        code = 0 if self.process is None else self.process.poll() or 0
        return {
            "Id": self.id,
            "Name": f"/{self.id[:12]}",
            "Created": "2026-01-01T00:00:00Z",
            "Image": "sha256:" + "0" * 64,
            "Config": {"Image": self.asked["Image"], "Labels": self.asked.get("Labels") or {}},
            "State": {"Status": state, "Running": self.running, "ExitCode": code},
            "HostConfig": {"NetworkMode": "bridge"},
            "NetworkSettings": {"Ports": ports, "Networks": {"bridge": {"Gateway": "127.0.0.1", "IPAddress": ""}}},
            "Mounts": [],
        }


class Engine:
    """The engine, with the containers that it has or had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.containers: dict[str, Container] = {}
        self.made: list[Container] = []
        self.unknown: list[str] = []

    def answer(self, verb: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and document; bytes are sent as they are."""
        path = re.sub(r"^/v[0-9.]+", "", path.partition("?")[0])
        if path == "/_ping":
            return 200, b"OK"
        if path == "/version":
            return 200, {"Version": "27.0.0", "ApiVersion": "1.44", "MinAPIVersion": "1.24", "Os": "linux"}
        if path == "/info":
            return 200, {"ID": "stand-in", "ServerVersion": "27.0.0", "OperatingSystem": "stand-in", "Labels": []}
        if path.startswith("/images/") and path.endswith("/json"):
            return 200, {"Id": "sha256:" + "0" * 64, "RepoTags": [path.split("/")[2]], "Config": {}}
        if path == "/networks":
            return 200, [{"Name": "bridge", "Id": "bridge", "Driver": "bridge", "IPAM": {"Config": []}}]
        if path == "/containers/json":
            return 200, [
                {"Id": one.id, "Names": [f"/{one.id[:12]}"], "State": one.inspected()["State"]["Status"]}
                for one in self.containers.values()
            ]
        if (verb, path) == ("POST", "/containers/create"):
            made = Container(body, self.folder / str(len(self.made)))
            self.containers[made.id] = made
            self.made.append(made)
            return 201, {"Id": made.id, "Warnings": []}
        if found := re.match(r"/containers/([^/]+)(/[a-z]+)?\Z", path):
            return self._of_container(verb, self.containers.get(found[1]), found[2] or "", path)
        self.unknown.append(f"{verb} {path}")
        return 501, {"message": f"the stand-in does not know {verb} {path}"}

    def _of_container(self, verb: str, one: Container | None, action: str, path: str) -> tuple[int, Any]:
        if one is None:
            return 404, {"message": f"No such container: {path}"}
        if action == "/json":
            return 200, one.inspected()
        if action == "/start":
            one.start()
            return 204, b""
        if action == "/stop":
            one.stop()
            return 204, b""
        if action == "/logs":
            log = one.folder / "log"
            text = log.read_bytes() if log.exists() else b""
            return 200, b"\x01\0\0\0" + len(text).to_bytes(4, "big") + text
        if verb == "DELETE":
            one.stop()
            del self.containers[one.id]
            return 204, b""
        self.unknown.append(f"{verb} {path}")
        return 501, {"message": f"the stand-in does not know {verb} {path}"}


@contextlib.contextmanager
def running_engine(folder: Path) -> Iterator[tuple[Engine, dict[str, str]]]:
    """The engine, and the variables by which clients find it; whatever still runs at the end is stopped."""
    engine = Engine(folder)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, said = engine.answer(self.command, self.path, body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(said, bytes) else "application/json")
            self.send_header("Api-Version", "1.44")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = do_HEAD = handle_one

        def log_message(self, format: str, *args: object) -> None:
            """It is not read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        # Its helper, which removes the containers of a test run that died, is a container itself.
        yield (
            engine,
            {
                "DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}",
                "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
                "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
                "TESTCONTAINERS_RYUK_DISABLED": "true",
            },
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        for container in engine.made:
            container.stop()
