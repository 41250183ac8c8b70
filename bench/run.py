"""`make bench`: mopenstack, a bare aiohttp handler and moto's server, side by side in one run.

What matters is the ratios: absolute numbers belong to the machine. Each figure is taken in several
rounds, the servers taking turns; the table shows the median and the best.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from peers import Client, Peer, bare, ec2, login, mopenstack, moto, rss_bytes

HERE = Path(__file__).parent
REQUESTS = 4000
CONCURRENCY = 32

Figures = dict[str, list[float]]


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


class Cloud:
    """A cloud with servers, and what is asked of it."""

    def __init__(self) -> None:
        self.peer = mopenstack()
        self.token, self.project = login(self.peer.url)
        self.client = Client(self.peer.url, {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.90"})
        quota = {"instances": -1, "cores": -1, "ram": -1}
        self.client.send("PUT", f"/compute/v2.1/os-quota-sets/{self.project}", {"quota_set": quota})
        self.image = self.client.send("GET", "/image/v2/images")[1]["images"][0]["id"]
        networks = self.client.send("GET", "/network/v2.0/networks?name=public")[1]["networks"]
        self.network = networks[0]["id"]

    def body(self, networks: object) -> dict[str, object]:
        return {"server": {"name": "bench", "flavorRef": "42", "imageRef": self.image, "networks": networks}}

    def boot(self, networks: object = "none") -> str:
        """POST, then the first GET, which must show ACTIVE."""
        _, made = self.client.send("POST", "/compute/v2.1/servers", self.body(networks))
        id: str = made["server"]["id"]
        _, shown = self.client.send("GET", f"/compute/v2.1/servers/{id}")
        assert shown["server"]["status"] == "ACTIVE", shown
        return id

    def delete_last(self, servers: list[str]) -> None:
        self.client.send("DELETE", f"/compute/v2.1/servers/{servers.pop()}")

    def fill(self, count: int) -> None:
        """Bring the project to this many servers."""
        have = len(self.client.send("GET", "/compute/v2.1/servers")[1]["servers"])
        for _ in range(count - have):
            self.client.send("POST", "/compute/v2.1/servers", self.body("none"))

    def detail(self) -> int:
        return len(self.client.send("GET", "/compute/v2.1/servers/detail")[1]["servers"])


def fresh_cloud(peer: Peer, names: Iterator[str]) -> None:
    """One more cloud in the server, by the next name."""
    Client(peer.url).send("POST", "/_mopenstack/clouds", {"name": next(names)})


def measure(rounds: int) -> dict[str, Figures]:
    """Figure -> server -> values."""
    figures: dict[str, Figures] = {}

    def note(figure: str, server: str, value: float) -> None:
        figures.setdefault(figure, {}).setdefault(server, []).append(value)
        print(f"{figure}: {server} {value:.4g}", file=sys.stderr, flush=True)

    for _ in range(rounds):
        for name, start in (("mopenstack", mopenstack), ("moto", moto)):
            peer = start()
            note("cold start to the first answer (s)", name, peer.started)
            note("memory after start (MB)", name, rss_bytes(peer.process.pid) / 1e6)
            peer.stop()
    with ExitStack() as stack:
        cloud, other = Cloud(), moto()
        stack.callback(cloud.peer.stop)
        stack.callback(other.stop)
        server = cloud.boot()
        path = f"/compute/v2.1/servers/{server}"
        size = len(json.dumps(cloud.client.send("GET", path)[1]))
        plain = bare(size)
        stack.callback(plain.stop)
        instances = Client(other.url)
        for _ in range(rounds):
            note("GET of a server, 32 at once (1/s)", "bare aiohttp", load(plain, get(plain, "/servers/x", "")))
            note(
                "GET of a server, 32 at once (1/s)", "mopenstack", load(cloud.peer, get(cloud.peer, path, cloud.token))
            )
            described = ec2(other.port, "DescribeInstances")
            note("GET of a server, 32 at once (1/s)", "moto", load(other, described, REQUESTS // 10))
            note("token issue (ms)", "mopenstack", milliseconds(lambda: login(cloud.peer.url), 10))
            note("boot to ACTIVE: POST and first GET (ms)", "mopenstack", milliseconds(cloud.boot, 10))
            made = [cloud.boot() for _ in range(10)]
            note("delete (ms)", "mopenstack", milliseconds(partial(cloud.delete_last, made), 10))
            names = [f"bench-{number}" for number in range(10)]
            note("fresh cloud (ms)", "mopenstack", milliseconds(partial(fresh_cloud, cloud.peer, iter(names)), 10))
            for name in names:
                Client(cloud.peer.url).send("DELETE", f"/_mopenstack/clouds/{name}")
        for count in (100, 1000):
            cloud.fill(count)
            assert cloud.detail() == count
            for _ in range(rounds):
                detail = get(cloud.peer, "/compute/v2.1/servers/detail", cloud.token)
                note(f"list of {count} with detail (ms)", "mopenstack", 1000 / load(cloud.peer, detail, 5, 1))
            run = ec2(other.port, "RunInstances", ImageId="ami-12c6146b", MinCount=str(count), MaxCount=str(count))
            load(other, run, 1, 1)
            for _ in range(rounds):
                spent = 1000 / load(other, ec2(other.port, "DescribeInstances"), 1, 1)
                note(f"list of {count} with detail (ms)", "moto", spent)
        note("memory with 1000 servers (MB)", "mopenstack", rss_bytes(cloud.peer.process.pid) / 1e6)
        for _ in range(rounds):
            note("fresh cloud (ms)", "moto", milliseconds(lambda: instances.send("POST", "/moto-api/reset", b"")))
    return figures


def table(figures: dict[str, Figures]) -> str:
    """Markdown: median (best) per server, and mopenstack against the first peer."""
    lines = ["| | mopenstack | bare aiohttp | moto | ratio |", "|---|---|---|---|---|"]
    for figure, servers in figures.items():
        rate = "(1/s)" in figure
        best = max if rate else min
        cells = [
            f"{statistics.median(servers[name]):.4g} ({best(servers[name]):.4g})" if name in servers else ""
            for name in ("mopenstack", "bare aiohttp", "moto")
        ]
        peer = next((name for name in ("bare aiohttp", "moto") if name in servers), None)
        ratio = ""
        if peer is not None:
            value = statistics.median(servers["mopenstack"]) / statistics.median(servers[peer])
            ratio = f"{value:.2f} of {peer}"
        lines.append(f"| {figure} | {' | '.join(cells)} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    print(table(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
