"""`make bench-workers`: reads and writes a second of 1, 2 (and 4) workers on PostgreSQL, beside the SQLite process.

The servers take turns in each round. Beside each rate stands what a call took of the processors (mopenstack's
processes and PostgreSQL's together), and who used how much of them meanwhile; what is left over was idle, or
somebody else's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cloud import Cloud
from peers import Peer, cpu_seconds
from sampling import HERE, get, milliseconds

from soak.postgres import Postgres

CONNECTIONS = 64
"""So many that the kernel gives each of two workers about as many."""
READS, WRITES, TIMES = 60_000, 600, 20
CLIENTS = max(1, (os.cpu_count() or 1) // 2)
"""Processes that send: enough not to be the limit, and not so many that they take the processors of the workers."""
SQLITE = "SQLite process"


@dataclass
class Server:
    """One of those that are measured; figures are values of rounds by name, shares of processors by user."""

    cloud: Cloud
    database: int = 0
    """The process of PostgreSQL's that the others are children of; 0: there is none."""
    server: str = ""
    figures: dict[str, list[float]] = field(default_factory=dict)
    shares: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def note(self, figure: str, value: float) -> None:
        self.figures.setdefault(figure, []).append(value)


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(place.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def used(pid: int) -> float:
    """Seconds of processor that a process and those that come from it have used."""
    return sum(_seconds(one) for one in family(pid)) if pid else 0.0


def _seconds(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except OSError:  # it has ended
        return 0.0


def rate(server: Server, figure: str, request: bytes, count: int, status: str) -> None:
    """Send a request so often over all connections, and note how many a second were answered, and who worked."""
    each = {
        "host": "127.0.0.1",
        "port": server.cloud.peer.port,
        "request": request.decode(),
        "count": count // CLIENTS,
        "concurrency": CONNECTIONS // CLIENTS,
        "status": status,
    }
    command = [sys.executable, str(HERE / "load.py"), json.dumps(each)]
    before = used(server.cloud.peer.process.pid), used(server.database), _children()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]
    took = []
    for process in running:
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{figure}: the clients failed")
        took.append(float(out))
    after = used(server.cloud.peer.process.pid), used(server.database), _children()
    server.note(figure, count / max(took))
    ours, theirs, clients = (end - begin for begin, end in zip(before, after, strict=True))
    server.note(f"ms of processor, {figure.partition(' ')[0]}", (ours + theirs) * 1000 / count)
    whole = max(took) * (os.cpu_count() or 1)
    server.shares.setdefault(figure, []).append((ours / whole, theirs / whole, clients / whole))


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def post(peer: Peer, path: str, token: str, body: object) -> bytes:
    """A raw POST with a token."""
    content = json.dumps(body)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{peer.port}\r\nX-Auth-Token: {token}\r\nUser-Agent: bench\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


def measure(servers: dict[str, Server], rounds: int) -> None:
    for server in servers.values():
        cloud = server.cloud
        server.server = cloud.boot()
        quota = {"quota": {"network": -1}}
        cloud.client.send("PUT", f"/network/v2.0/quotas/{cloud.project}", quota)
    body = {"network": {"name": "bench"}}
    for number in range(rounds):
        for name, server in servers.items():
            cloud = server.cloud
            read = get(cloud.peer, f"/compute/v2.1/servers/{server.server}", cloud.token)
            rate(server, "reads a second", read, READS, "200")
            write = post(cloud.peer, "/network/v2.0/networks", cloud.token, body)
            rate(server, "writes a second", write, WRITES, "201")

            def one(cloud: Cloud = cloud) -> None:
                cloud.client.send("POST", "/network/v2.0/networks", body)

            server.note("one write (ms)", milliseconds(one, TIMES))
            print(f"round {number + 1}: {name}: {_line(server, -1)}", file=sys.stderr, flush=True)


def _line(server: Server, place: int) -> str:
    return ", ".join(f"{figure} {values[place]:.4g}" for figure, values in server.figures.items())


def table(servers: dict[str, Server]) -> str:
    """Medians (best) with the ratio to the SQLite process's, and shares of all processors at the median."""
    lines = [
        f"| | {' | '.join(servers[SQLITE].figures)} | processors while reading | while writing |",
        "|---" * (3 + len(servers[SQLITE].figures)) + "|",
    ]
    for name, server in servers.items():
        cells = [name]
        for figure, values in server.figures.items():
            best = max if figure.endswith("a second") else min
            ratio = statistics.median(values) / statistics.median(servers[SQLITE].figures[figure])
            cells.append(f"{statistics.median(values):.4g} ({best(values):.4g}), {ratio:.2f}")
        cells += [_shares(server.shares[figure]) for figure in ("reads a second", "writes a second")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _shares(found: Iterable[tuple[float, float, float]]) -> str:
    ours, theirs, clients = (statistics.median(values) for values in zip(*found, strict=True))
    return f"mopenstack {ours:.0%}, PostgreSQL {theirs:.0%}, clients {clients:.0%}"


def limit(servers: dict[str, Server], one: str, two: str) -> str:
    """How reads grew from one worker to two, and what was the limit."""
    figure = "reads a second"
    grown = statistics.median(servers[two].figures[figure]) / statistics.median(servers[one].figures[figure])
    ours, theirs, clients = (statistics.median(values) for values in zip(*servers[two].shares[figure], strict=True))
    busy = ours + theirs + clients
    where = max(((clients, "the clients"), (theirs, "the database"), (ours, "the workers")))[1]
    left = f"{busy:.0%} of {os.cpu_count()} processors were used by this run, most of it by {where}"
    return f"Reads of two workers: {grown:.2f} times those of one; {left}."


@contextmanager
def started(counts: Iterable[int]) -> Iterator[dict[str, Server]]:
    """The SQLite process, and workers, each group on a database server of its own."""
    with ExitStack() as stack:
        sqlite = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        servers = {SQLITE: Server(_started(stack, "--data", sqlite))}
        for count in counts:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            postgres = Postgres(folder / "postgres")
            stack.callback(postgres.stop)
            os.environ["MOPENSTACK_STORE"] = postgres.url
            try:
                cloud = _started(stack, "--workers", str(count), "--data", str(folder / "blobs"))
            finally:
                del os.environ["MOPENSTACK_STORE"]
            servers[f"{count} worker{'s' if count > 1 else ''}"] = Server(cloud, postgres.pid)
        yield servers


def _started(stack: ExitStack, *options: str) -> Cloud:
    cloud = Cloud(*options)
    stack.callback(cloud.peer.stop)
    return cloud


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", default="1,2" if (os.cpu_count() or 1) < 8 else "1,2,4", help="how many, by turns")
    chosen = parser.parse_args()
    began = time.perf_counter()
    with started(map(int, chosen.workers.split(","))) as servers:
        measure(servers, chosen.rounds)
    print(table(servers))
    if {"1 worker", "2 workers"} <= servers.keys():
        print(f"\n{limit(servers, '1 worker', '2 workers')}")
    print(f"Load of the machine: {' '.join(f'{one:.1f}' for one in os.getloadavg())}; {_took(began)}")


def _took(began: float) -> str:
    return f"{time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    main()
