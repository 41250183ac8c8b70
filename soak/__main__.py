"""`make soak`: rounds of writes and disturbances on each shape of a cloud in turn, and a look at its memory."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from soak.cloud import SHAPES
from soak.report import report
from soak.soak import Plan, run


def main() -> None:
    options = argparse.ArgumentParser(prog="soak", description=__doc__)
    options.add_argument("--seconds", type=float, default=1800, help="how long, over all shapes")
    options.add_argument("--seed", type=int, default=None, help="what is drawn: writes, disturbances, their order")
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--shapes", default=",".join(shape.name for shape in SHAPES), help="separated by commas")
    options.add_argument("--only", default="", help="disturbances whose name has this in it")
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    shapes = [shape for shape in SHAPES if shape.name in chosen.shapes.split(",")]
    outcomes = []
    for shape in shapes:
        until = time.monotonic() + chosen.seconds / len(shapes)
        with tempfile.TemporaryDirectory() as scratch:
            plan = Plan(seed, clients=chosen.clients, only=chosen.only)
            outcomes.append(
                asyncio.run(run(shape, plan, Path(scratch, "cloud"), lambda _: time.monotonic() < until, _say))  # noqa: B023
            )
    print(report(seed, outcomes))
    if any(outcome.wrong for outcome in outcomes):
        sys.exit(1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
