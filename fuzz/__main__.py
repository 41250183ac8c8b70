"""`python -m fuzz`: so many seconds, or so many rounds, over the arrangements; exit status 1 for a fault.

A run of rounds sends the same requests each time: the rounds of a seed are always the same ones.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzz.campaign import ROUND_REQUESTS, Counts, Found, Shooting, idle_judge
from fuzz.clouds import ARRANGEMENTS, Running, yard
from fuzz.corpus import recorded
from fuzz.findings import Findings
from fuzz.judge import Judge
from fuzz.operations import Operations
from fuzz.schema import Generating

SOURCES = ("raw", "schema")
Round = Callable[[Running, Judge, int], Iterator[Found]]


@dataclass(slots=True)
class Options:
    """What was asked for."""

    seconds: float
    rounds: int
    requests: int
    seed: int
    arrangements: list[str]
    sources: list[str]
    results: Path


def main() -> int:
    """Run; print what was found and the counts."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends
    counts = Counts()
    with yard() as clouds:
        findings = Findings(clouds, options.results)
        first = clouds.get(options.arrangements[0])
        document = first.openapi()
        operations = Operations(document)
        requests = recorded()
        judges: dict[str, Judge] = {}
        rounds: dict[str, Round] = {
            "raw": Shooting(requests, operations.find, counts, options.seed, options.requests).round,
            "schema": Generating(document, requests, counts, options.seed).round,
        }
        started = time.monotonic()
        for arrangement, source, number in _turns(options, started):
            running = clouds.get(arrangement)
            if arrangement not in judges:
                judges[arrangement] = idle_judge(running, operations.rpcs)
            judge = judges[arrangement]
            for found in rounds[source](running, judge, number):
                findings.add(found, judge)
        _report(counts, findings, operations, time.monotonic() - started)
    return 1 if findings.faults else 0


def _turns(options: Options, started: float) -> Iterator[tuple[str, str, int]]:
    """Arrangement, source and number of each round: every arrangement in turn, none sends what another has sent."""
    number = 0
    while True:
        for arrangement in options.arrangements:
            for source in options.sources:
                if options.rounds:
                    if number >= options.rounds * len(options.sources):
                        return
                elif time.monotonic() - started > options.seconds:
                    return
                yield arrangement, source, number // len(options.sources)
                number += 1


def _report(counts: Counts, findings: Findings, operations: Operations, seconds: float) -> None:
    lines = [f"{sum(counts.requests.values())} requests in {seconds:.0f} s"]
    lines += [f"  {source}: {number}" for source, number in sorted(counts.requests.items())]
    lines.append("statuses: " + ", ".join(f"{status} {number}" for status, number in sorted(counts.statuses.items())))
    known = operations.names
    reached, succeeded = len(counts.reached & known), len(counts.succeeded & known)
    lines.append(f"operations reached: {reached} of {len(known)}; with success: {succeeded}")
    lines.append(f"faults: {len(findings.faults)}")
    lines += [f"  {finding.times} times, {finding.source}: {finding.signature}" for finding in findings.faults]
    sys.stdout.write("\n".join(lines) + "\n")


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800, help="how long (default: half an hour)")
    parser.add_argument("--rounds", type=int, default=0, help="instead of a time: so many rounds of each source")
    parser.add_argument(
        "--requests", type=int, default=ROUND_REQUESTS, help="requests of a round that are recorded ones"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", action="append", choices=ARRANGEMENTS, help="only this arrangement (several times)")
    parser.add_argument("--source", action="append", choices=SOURCES, help="only these requests (several times)")
    parser.add_argument("--results", type=Path, default=Path("fuzz-results"), help="folder of the reproducers")
    given = parser.parse_args()
    return Options(
        given.seconds,
        given.rounds,
        given.requests,
        given.seed,
        given.on or list(ARRANGEMENTS),
        given.source or list(SOURCES),
        given.results,
    )


if __name__ == "__main__":
    sys.exit(main())
