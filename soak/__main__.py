"""`make soak`: rounds of writes and disturbances on each shape of a cloud in turn, and a look at its memory."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from soak import memory
from soak.cloud import NODES, SHAPES, Shape
from soak.disturbances import kinds
from soak.report import report
from soak.soak import Outcome, Plan, run

GAP_SECONDS_MAX = 12.0
"""So long at most three nodes may acknowledge no write, whatever is taken from them."""


def main() -> None:
    options = argparse.ArgumentParser(prog="soak", description=__doc__)
    options.add_argument("--seconds", type=float, default=1800, help="of the rounds, over all shapes")
    options.add_argument("--rounds", type=int, default=0, help="of all that is taken away; 0: by --seconds")
    options.add_argument("--seed", type=int, default=None, help="what is drawn: writes, disturbances, their order")
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--shapes", default=",".join(shape.name for shape in SHAPES), help="separated by commas")
    options.add_argument("--only", default="", help="names of disturbances, separated by commas; empty: all")
    options.add_argument("--servers", type=int, default=20_000, help="that come and go for the memory; 0: none")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # what was started is stopped then
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    plan = Plan(seed, clients=chosen.clients, only=tuple(filter(None, chosen.only.split(","))))
    print(f"seed {seed}", file=sys.stderr, flush=True)
    outcomes = _rounds(plan, chosen.shapes.split(","), chosen.seconds, chosen.rounds)
    print(report(seed, outcomes), flush=True)
    failed = any(outcome.wrong for outcome in outcomes)
    for outcome in outcomes:
        if outcome.shape == NODES.name and max(outcome.gaps.values(), default=0.0) > GAP_SECONDS_MAX:
            print(f"{outcome.shape}: no write was acknowledged for more than {GAP_SECONDS_MAX:g} s")
            failed = True
    if chosen.servers:
        with tempfile.TemporaryDirectory() as scratch:
            growth = asyncio.run(memory.measure(chosen.servers, Path(scratch, "cloud")))
        print(growth)
        failed |= growth.each > memory.GROWTH_BYTES_MAX
    if failed:
        sys.exit(1)


def _rounds(plan: Plan, names: list[str], seconds: float, rounds: int) -> list[Outcome]:
    """Each shape has the same part of the time, or so many rounds of all that can be taken away."""
    shapes = [shape for shape in (*SHAPES, NODES) if shape.name in names]
    outcomes = []
    for shape in shapes:
        until = time.monotonic() + seconds / len(shapes)

        def go_on(done: int, until: float = until, shape: Shape = shape) -> bool:
            return done < rounds * kinds(shape, plan.only) if rounds else time.monotonic() < until

        with tempfile.TemporaryDirectory() as scratch:
            outcomes.append(asyncio.run(run(shape, plan, Path(scratch, "cloud"), go_on, _say)))
    return outcomes


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
