"""The servers that are measured side by side, each a process of its own, started as its users start it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
START_SECONDS_MAX = 30


def free_port() -> int:
    """A port that is free right now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def rss_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Peer:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    started: float
    """Seconds from spawn to the first answer."""
    environment: dict[str, str]
    """What it was started with, for commands that look for it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Client:
    """A blocking client for what is measured one call at a time.

    It keeps its connection, as the clients of users do, and does no more than a call needs, so that it is not what is
    measured.
    """

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._host, _, port = url.removeprefix("http://").partition(":")
        self._port = int(port)
        self._headers = {"Host": f"{self._host}:{port}", "Content-Type": "application/json", **(headers or {})}
        self._socket: socket.socket | None = None

    def send(self, verb: str, path: str, body: Any = None, **headers: str) -> tuple[dict[str, str], Any]:
        """(headers by their names in lower case, decoded body); raises HTTPError for a refusal."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {**self._headers, **headers, "Content-Length": str(len(data))}
        lines = "".join([f"{name}: {value}\r\n" for name, value in sent.items()])
        status, found, content = self._ask(f"{verb} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data, verb)
        if status >= 400:
            raise urllib.error.HTTPError(path, status, content.decode(), Message(), None)
        is_json = content and found.get("content-type", "").partition(";")[0].endswith("json")
        return found, json.loads(content) if is_json else content

    def _ask(self, request: bytes, verb: str) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one answer; a connection that the server has closed meanwhile is made anew."""
        answer, fresh = b"", self._socket is None
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
            while (end := answer.find(b"\r\n\r\n")) < 0:
                answer += self._more()
        except ConnectionError:
            self.close()
            if fresh or answer:
                raise
            return self._ask(request, verb)
        first, *lines = answer[:end].decode().split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(found.get("content-length", 0)) if verb != "HEAD" else 0
        rest = [answer[end + 4 :]]
        missing = length - len(rest[0])
        while missing > 0:
            rest.append(self._more())
            missing -= len(rest[-1])
        if found.get("connection") == "close":
            self.close()
        return int(first.split(" ", 2)[1]), found, b"".join(rest)

    def _more(self) -> bytes:
        assert self._socket is not None
        received = self._socket.recv(1 << 18)
        if not received:
            raise ConnectionResetError
        return received

    def close(self) -> None:
        """The next call makes a connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _spawn(command: list[str], port: int, probe: Any, output: IO[bytes] | int = subprocess.DEVNULL) -> Peer:
    environment = {**os.environ, "XDG_STATE_HOME": tempfile.mkdtemp(), "AWS_ACCESS_KEY_ID": "x"}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    while time.perf_counter() - started < START_SECONDS_MAX:
        try:
            probe()
        except (OSError, urllib.error.URLError):
            time.sleep(0.005)
        else:
            return Peer(process, port, time.perf_counter() - started, environment)
        if process.poll() is not None:
            break
    process.kill()
    raise SystemExit(f"{command[0]} did not start")


def login(url: str, user: str = "admin") -> tuple[str, str]:
    """(token, project id)."""
    domain = {"id": "default"}
    auth = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": domain, "password": "secret"}},
        },
        "scope": {"project": {"name": user, "domain": domain}},
    }
    headers, body = Client(url).send("POST", "/identity/v3/auth/tokens", {"auth": auth})
    return headers["x-subject-token"], body["token"]["project"]["id"]


def mopenstack(*options: str, output: IO[bytes] | int = subprocess.DEVNULL) -> Peer:
    """A cloud; started means that it issued a token."""
    port = free_port()
    command = [sys.executable, "-m", "mopenstack.cli.main", "up", "--port", str(port), *options]
    return _spawn(command, port, lambda: login(f"http://127.0.0.1:{port}"), output)


def bare(body_bytes: int) -> Peer:
    """The least that an aiohttp application can do."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/servers/x"
    command = [sys.executable, str(HERE / "bare.py"), str(port), str(body_bytes)]
    return _spawn(command, port, lambda: urllib.request.urlopen(url).close())


def files(source: Path) -> Peer:
    """A file server that takes everything and gives one file, whatever is asked for."""
    port = free_port()
    command = [sys.executable, str(HERE / "files.py"), str(port), str(source)]

    def probe() -> None:
        with socket.create_connection(("127.0.0.1", port)):
            pass

    return _spawn(command, port, probe)


def moto() -> Peer:
    """moto's server: the mock of another cloud, in Python as well."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    return _spawn(command, port, lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/").close())


def ec2(port: int, action: str, **parameters: str) -> bytes:
    """One raw EC2 query to moto; moto checks no signature, but reads the region out of it."""
    from urllib.parse import urlencode

    content = urlencode({"Action": action, "Version": "2016-11-15", **parameters})
    return (
        f"POST / HTTP/1.1\r\nHost: ec2.us-east-1.amazonaws.com:{port}\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ec2/aws4_request, "
        "SignedHeaders=host, Signature=x\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(content)}\r\n\r\n{content}"
    ).encode()
