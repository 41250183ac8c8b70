"""`make bench`: mopenstack, a bare aiohttp handler and moto's server, side by side in one run.

What matters is the ratios: absolute numbers belong to the machine. Each figure is taken in several
rounds, the servers taking turns; the table shows the median and the best.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import database
import goals
import instruments
import many
import objects
import stack
import writes
from cloud import Cloud, fresh_cloud
from peers import Client, Peer, bare, ec2, login, mopenstack, moto, rss_bytes
from sampling import REQUESTS, Note, get, load, milliseconds

CLOUDS = 1000
LISTS = 20
"""How often a list is asked for in a row."""
PARTS = ("start", "calls", "many", "instruments", "database", "stack", "objects")
"""In the order in which they are measured."""

Figures = dict[str, dict[str, list[float]]]
"""Figure -> server -> values."""


def measure(rounds: int, parts: tuple[str, ...] = PARTS) -> Figures:
    """The figures of some parts."""
    figures: Figures = {}

    def note(figure: str, server: str, value: float) -> None:
        figures.setdefault(figure, {}).setdefault(server, []).append(value)
        print(f"{figure}: {server} {value:.4g}", file=sys.stderr, flush=True)

    takes: dict[str, Callable[[Note, int], None]] = {
        "start": starts,
        "calls": calls,
        "many": many.measure,
        "instruments": instruments.measure,
        "database": database.measure,
        "stack": stack.measure,
        "objects": lambda note, _: objects.measure(note),
    }
    for part in parts:
        takes[part](note, rounds)
    return figures


def starts(note: Note, rounds: int) -> None:
    """A start, and the command line's own."""
    for _ in range(rounds):
        for name, start in (("mopenstack", mopenstack), ("moto", moto)):
            peer = start()
            note("cold start to the first answer (s)", name, peer.started)
            note("memory after start (MB)", name, rss_bytes(peer.process.pid) / 1e6)
            if name == "mopenstack":
                note("mopenstack env (s of CPU)", name, _cpu_of_env(peer))
            peer.stop()


def _cpu_of_env(peer: Peer) -> float:
    """Of `mopenstack env`, which asks the running process for its address."""
    before = os.times()
    command = [sys.executable, "-m", "mopenstack.cli.main", "env"]
    subprocess.run(command, env=peer.environment, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def calls(note: Note, rounds: int) -> None:
    """Calls of one cloud, beside a bare handler and moto."""
    with ExitStack() as closing:
        cloud, other = Cloud(), moto()
        closing.callback(cloud.peer.stop)
        closing.callback(other.stop)
        server = cloud.boot()
        path = f"/compute/v2.1/servers/{server}"
        size = len(json.dumps(cloud.client.send("GET", path)[1]))
        plain = bare(size)
        closing.callback(plain.stop)
        anew, instances = Client(cloud.peer.url), Client(other.url)
        for _ in range(rounds):
            reads = "GET of a server, 32 at once (1/s)"
            note(reads, "bare aiohttp", load(plain, get(plain, "/servers/x", "")))
            note(reads, "mopenstack", load(cloud.peer, get(cloud.peer, path, cloud.token)))
            note(reads, "moto", load(other, ec2(other.port, "DescribeInstances"), REQUESTS // 10))
            note("token issue (ms)", "mopenstack", milliseconds(lambda: login(cloud.peer.url), 10))
            note("boot to ACTIVE: POST and first GET (ms)", "mopenstack", milliseconds(cloud.boot, 10))
            made = [cloud.boot() for _ in range(10)]
            note("delete (ms)", "mopenstack", milliseconds(partial(cloud.delete_last, made), 10))
            names = [f"bench-{number}" for number in range(10)]
            note("fresh cloud (ms)", "mopenstack", milliseconds(partial(fresh_cloud, anew, iter(names)), 10))
            for name in names:
                anew.send("DELETE", f"/_mopenstack/clouds/{name}")
            writes.measure(note, cloud)
        before, there = rss_bytes(cloud.peer.process.pid), cloud.detail()
        for count in (100, 1000):
            cloud.fill(count)
            assert cloud.detail() == count
            for _ in range(rounds):
                detail = get(cloud.peer, "/compute/v2.1/servers/detail", cloud.token)
                note(f"list of {count} with detail (ms)", "mopenstack", 1000 / load(cloud.peer, detail, LISTS, 1))
            run = ec2(other.port, "RunInstances", ImageId="ami-12c6146b", MinCount=str(count), MaxCount=str(count))
            load(other, run, 1, 1)
            for _ in range(rounds):
                spent = 1000 / load(other, ec2(other.port, "DescribeInstances"), 1, 1)
                note(f"list of {count} with detail (ms)", "moto", spent)
        after = rss_bytes(cloud.peer.process.pid)
        note("memory with 1000 servers (MB)", "mopenstack", after / 1e6)
        note("memory a server, of 1000 (kB)", "mopenstack", (after - before) / 1e3 / (1000 - there))
        for _ in range(rounds):
            note("fresh cloud (ms)", "moto", milliseconds(lambda: instances.send("POST", "/moto-api/reset", b"")))
    _memory_of_clouds(note)


def _memory_of_clouds(note: Note) -> None:
    peer = mopenstack()
    try:
        login(peer.url)
        client = Client(peer.url)
        before, names = rss_bytes(peer.process.pid), (f"bench-{number}" for number in range(CLOUDS))
        for _ in range(CLOUDS):
            fresh_cloud(client, names)
        grown = rss_bytes(peer.process.pid) - before
        note(f"memory a fresh cloud, of {CLOUDS} (kB)", "mopenstack", grown / 1e3 / CLOUDS)
    finally:
        peer.stop()


def table(figures: Figures) -> str:
    """Markdown: median (best) of mopenstack and of its peers, and the ratio of the first peer."""
    lines = ["| | mopenstack | beside it | ratio |", "|---|---|---|---|"]
    for figure, servers in figures.items():
        peers = [name for name in servers if name != "mopenstack"]
        beside = ", ".join(f"{name} {_figure(figure, servers[name])}" for name in peers)
        ratio = ""
        if peers:
            value = statistics.median(servers["mopenstack"]) / statistics.median(servers[peers[0]])
            ratio = f"{value:.2f} of {peers[0]}"
        lines.append(f"| {figure} | {_figure(figure, servers['mopenstack'])} | {beside} | {ratio} |")
    return "\n".join(lines)


def _figure(figure: str, values: list[float]) -> str:
    best = max if "/s)" in figure else min
    return f"{statistics.median(values):.4g} ({best(values):.4g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", default=",".join(PARTS), help="separated by commas")
    chosen = parser.parse_args()
    started = time.perf_counter()
    figures = measure(chosen.rounds, tuple(chosen.parts.split(",")))
    print(table(figures), goals.report(figures), sep="\n\n")
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
