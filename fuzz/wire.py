"""Bytes over a socket, and what came back: an answer of HTTP, or what there was instead of one."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass, field

import h11

from fuzz.shots import Shot

ANSWER_SECONDS_MAX = 30.0
"""How long an answer that is due is waited for."""
DAMAGED_SECONDS_MAX = 0.4
"""How long an answer is waited for that may never come, since the server waits for the rest."""
RECEIVE_BYTES = 65536


@dataclass(slots=True)
class Answer:
    """What a request got. `fault` says what was wrong with it as HTTP; a status of 0: no answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    fault: str = ""


class Wire:
    """A connection to a server, kept open while the server keeps it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.host = f"{host}:{port}"
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Close; the next request opens it anew."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, shot: Shot, prefix: str = "") -> Answer:
        """Send a request whose references are filled; raises OSError where nothing listens."""
        reused = self._socket is not None
        answer = self._send(shot, prefix)
        if reused and answer.fault == "closed before the request" and shot.whole:
            answer = self._send(shot, prefix)  # an idle connection may be closed at any time
        return answer

    def _send(self, shot: Shot, prefix: str) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, ANSWER_SECONDS_MAX)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = shot.wire(self.host, prefix)
        started = time.perf_counter()
        answer = Answer()
        self._socket.settimeout(ANSWER_SECONDS_MAX if shot.whole else DAMAGED_SECONDS_MAX)
        with contextlib.suppress(ConnectionError, TimeoutError):  # it may answer, and close, before it has read all
            self._socket.sendall(data)
        rest = self._read(shot, answer, b"")
        answer.seconds = time.perf_counter() - started
        open_still = answer.headers.get("connection", "").lower() != "close" and shot.version == "HTTP/1.1"
        for number in range(shot.pipelined if open_still and not answer.fault and shot.whole else 0):
            following = Answer()
            rest = self._read(Shot("GET", "/"), following, rest)
            if following.fault:
                answer.fault = (
                    f"of {shot.pipelined} requests that followed at once, number {number + 1}: {following.fault}"
                )
                break
            if following.headers.get("connection", "").lower() == "close":
                open_still = False
                break
        if rest and not answer.fault and shot.whole:
            answer.fault = f"bytes after the answer: {rest[:60]!r}"
        if answer.fault or not open_still or not shot.whole or answer.headers.get("connection", "") == "close":
            self.close()
        return answer

    def _read(self, shot: Shot, answer: Answer, first: bytes) -> bytes:
        """Read one answer; returns the bytes that are behind it."""
        assert self._socket is not None
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=RECEIVE_BYTES)
        reader.send(h11.Request(method="HEAD" if shot.verb == "HEAD" else "GET", target="/", headers=[("Host", "x")]))
        reader.send(h11.EndOfMessage())
        received = len(first)
        parts: list[bytes] = []
        try:
            if first:
                reader.receive_data(first)
            while True:
                event = reader.next_event()
                if event is h11.NEED_DATA:
                    data = self._socket.recv(RECEIVE_BYTES)
                    received += len(data)
                    if not data and not received:
                        answer.fault = "closed before the request"
                        return b""
                    reader.receive_data(data)
                elif isinstance(event, h11.Response):
                    answer.status = event.status_code
                    answer.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
                elif isinstance(event, h11.Data):
                    parts.append(bytes(event.data))
                elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                    break
        except TimeoutError:
            answer.fault = "no answer" if not received else "half an answer"
        except ConnectionError as error:
            answer.fault = f"{type(error).__name__} after {received} bytes" if received else "closed before the request"
        except h11.RemoteProtocolError as error:
            answer.fault = f"no HTTP: {error}"
        answer.body = b"".join(parts)
        return reader.trailing_data[0]
