"""How a figure is taken: one call at a time, or many at once by a load generator in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from peers import Peer

HERE = Path(__file__).parent
REQUESTS = 4000
CONCURRENCY = 32

Note = Callable[[str, str, float], None]
"""Takes a figure, the server that it is of, and a value."""


def load(
    peer: Peer, request: bytes, count: int = REQUESTS, concurrency: int = CONCURRENCY, status: str = "200"
) -> float:
    """Requests per second, by the load generator in a process of its own."""
    spec = {
        "host": "127.0.0.1",
        "port": peer.port,
        "request": request.decode(),
        "count": count,
        "concurrency": concurrency,
        "status": status,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "load.py"), json.dumps(spec)], capture_output=True, text=True, check=True
    )
    return count / float(done.stdout)


def milliseconds(action: Callable[[], object], times: int = 1) -> float:
    """Of one call, the mean of several."""
    started = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - started) * 1000 / times


def get(peer: Peer, path: str, token: str) -> bytes:
    """A raw GET with a token."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{peer.port}\r\nX-Auth-Token: {token}\r\n"
    return f"{head}Accept: application/json\r\nUser-Agent: bench\r\n\r\n".encode()
