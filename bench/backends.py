"""`make bench-backends`: Rally's KeystoneBasic on every place where state can be, and a table of it.

Memory, a SQLite file, PostgreSQL, and PostgreSQL on three nodes, one after the other in each round; the tasks are those
of rally-openstack's own gate, run by what runs them in the conformance suite. A figure is the median of a scenario's
iterations, over all rounds. An iteration that fails ends the run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from peers import mopenstack

from examples.ha.nodes import Nodes
from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.process import clean_environment
from mopenstack.conformance.upstream.rally import SUITE, prepare
from soak.postgres import Postgres

COMMAND = "make bench-backends"
PAGE = Path(__file__).parent.parent / "docs" / "high-availability.md"
START, END = "<!-- bench-backends -->", "<!-- /bench-backends -->"
Durations = dict[str, list[float]]
"""Scenario -> seconds of each of its iterations."""


@contextmanager
def memory(folder: Path) -> Iterator[list[str]]:
    """No state outlives the process."""
    yield []


@contextmanager
def sqlite(folder: Path) -> Iterator[list[str]]:
    """A file."""
    yield ["--data", str(folder / "data")]


@contextmanager
def postgresql(folder: Path) -> Iterator[list[str]]:
    """One server."""
    server = Postgres(folder / "postgres")
    try:
        yield ["--data", str(folder / "data"), "--store", server.url]
    finally:
        server.stop()


@contextmanager
def three_nodes(folder: Path) -> Iterator[list[str]]:
    """Every commit is on two of three before it is acknowledged."""
    with Nodes(folder / "nodes") as nodes:
        yield ["--data", str(folder / "data"), "--store", nodes.url]


BACKENDS: dict[str, Callable[[Path], AbstractContextManager[list[str]]]] = {
    "memory": memory,
    "SQLite file": sqlite,
    "PostgreSQL": postgresql,
    "three nodes": three_nodes,
}


def measured(options: list[str], folder: Path, scenarios: list[str]) -> Durations:
    """Run the scenarios on a cloud of its own."""
    peer = mopenstack(*options)
    try:
        auth = {"OS_AUTH_URL": f"http://127.0.0.1:{peer.port}/identity/v3", "OS_PASSWORD": "secret"}
        admin = Account(variables={**auth, "OS_USERNAME": "admin", "OS_PROJECT_NAME": "admin"})
        home = folder / "rally"
        home.mkdir()
        environment = clean_environment(**prepare(Cloud(name="default", demo=admin, admin=admin), home))
        order = json.dumps({"module": "", "tests": scenarios}) + "\n"
        with (folder / "rally.log").open("w") as log:
            done = subprocess.run(
                SUITE.command, input=order, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, check=True
            )
    finally:
        peer.stop()
    found: Durations = {}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if "test" in said:
            if said["outcome"] != "passed":
                raise SystemExit(f"{said['test']}: {said['reason']}")
            found[said["test"]] = said["durations"]
    return found


def table(figures: dict[str, Durations], rounds: int) -> str:
    """Milliseconds, a row a scenario and a column a backend, with the command that made it."""
    names = list(figures)
    lines = [f"`{COMMAND} ROUNDS={rounds}`, milliseconds, the median of all iterations:", ""]
    lines += [f"| KeystoneBasic | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for scenario in sorted({one for each in figures.values() for one in each}):
        cells = [f"{statistics.median(figures[name][scenario]) * 1000:.0f}" for name in names]
        lines.append(f"| {scenario.partition('.')[2]} | {' | '.join(cells)} |")
    sums = [sum(statistics.median(each) for each in figures[name].values()) * 1000 for name in names]
    lines.append(f"| all, one after the other | {' | '.join(f'{one:.0f}' for one in sums)} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="KeystoneBasic.", help="how the names of the scenarios begin")
    chosen = options.parse_args()
    scenarios = [test.name for test in SUITE.tests if test.name.startswith(chosen.only)]
    figures: dict[str, Durations] = {name: {} for name in BACKENDS}
    for number in range(chosen.rounds):
        for name, backend in BACKENDS.items():
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="mopenstack-bench-") as scratch, backend(Path(scratch)) as words:
                found = measured(words, Path(scratch), scenarios)
            for scenario, seconds in found.items():
                figures[name].setdefault(scenario, []).extend(seconds)
    text = table(figures, chosen.rounds)
    print(text)
    before, _, rest = PAGE.read_text().partition(START)
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
