"""Runs tests of a compiled Go test binary, in a process of their own, and reads the verdict on one of them."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from mopenstack.conformance.model import Outcome

KEPT_OUTPUT = 6000
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    binary: Path, names: Sequence[str], *, folder: Path, environment: Mapping[str, str], time_limit: float
) -> str:
    """What the process of these tests said; it never outlives its time limit (seconds).

    `folder` is the source folder of the tests' package, where Go runs tests.
    """
    process = subprocess.Popen(  # noqa: S603
        [str(binary), f"-test.run=^({'|'.join(names)})$", "-test.v", "-test.count=1"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return COLOURS.sub("", process.communicate(timeout=time_limit)[0])
    except subprocess.TimeoutExpired:
        # A test may have started Terraform, which has started a provider: the whole session goes.
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return f"{COLOURS.sub('', said)}\nno verdict within {time_limit:g} s"


def read_verdict(name: str, said: str) -> tuple[Outcome, str]:
    """The verdict that Go's test runner printed on one test, and why it did not pass."""
    verdicts = re.findall(rf"^\s*--- (PASS|FAIL|SKIP): {re.escape(name)} \(", said, re.MULTILINE)
    if verdicts == ["PASS"]:
        return Outcome.PASSED, ""
    if verdicts == ["SKIP"]:
        found = re.search(r"_test\.go:\d+: (.*)", said) or re.search(r"\.go:\d+: (.*)\n--- SKIP", said)
        return Outcome.SKIPPED, found.group(1) if found else "skipped by the test"
    return Outcome.FAILED, _why(said)


def _why(said: str) -> str:
    """The most telling line of a failed test."""
    patterns = (
        r"^(panic: .*)$",
        r"^\s*(no verdict within .*)$",
        r"^\s*[│|]?\s*(Error: .*)$",
        r"^\s*(Step \d+/\d+ error: .*)$",
        r"_test\.go:\d+: (.*)$",
    )
    lines = []
    for pattern in patterns:
        found = re.search(pattern, said, re.MULTILINE)
        if found:
            lines.append(found.group(1).strip())
            break
    http = re.search(r"Expected HTTP response code .*", said)
    if http and http.group(0) not in "".join(lines):
        lines.append(http.group(0).strip())
    return ": ".join(lines)[:400] or "no verdict"
