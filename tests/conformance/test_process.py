"""Programs are run to their end, and a person who waits hears of those that take long."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mopenstack.conformance import process
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import BEAT_SECONDS, listening, run
from mopenstack.conformance.scenario_runner import Doing

WAITS = """
import os, sys, time
print("a", "b", sep=chr(10), file=sys.stderr, flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
"""


def python(script: str) -> list[str | Path]:
    return [sys.executable, "-c", script]


def test_what_it_says() -> None:
    """Standard output alone, however much there is on both streams."""
    said = run(python("import sys; print('x' * 200_000, file=sys.stderr); print('y' * 200_000)"))
    assert said == "y" * 200_000 + "\n"


def test_a_failure_says_why() -> None:
    with pytest.raises(ConformanceError, match=r"^the tool failed \(3\): no such thing\Z"):
        run(python("import sys; print('no such thing', file=sys.stderr); sys.exit(3)"), what="the tool")
    with pytest.raises(ConformanceError, match="/nowhere/tool is not there"):
        run(["/nowhere/tool"])


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(ConformanceError, match=r"the tool took longer than 0\.2 s"):
        run(python("import time; time.sleep(600)"), seconds=0.2, what="the tool")


@pytest.mark.parametrize(("parts", "far"), [(5, "2 of 5"), (0, "b")])
def test_a_listener_hears_how_far_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parts: int, far: str) -> None:
    """By the count of its parts, or by what it said last; and of nothing that is quick."""
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.05)
    heard: list[str] = []
    gate = tmp_path / "gate"

    def listen(text: str) -> None:
        heard.append(text)
        if text.endswith(far):
            gate.touch()

    with listening(listen):
        run([*python(WAITS), gate], what="the tool", parts=parts)
    assert heard[-1].startswith("the tool: ")
    assert heard[-1].endswith(f" s, {far}")
    monkeypatch.setattr(process, "BEAT_SECONDS", 600)
    heard.clear()
    with listening(heard.append):
        run(python("pass"))
    assert heard == []


def test_what_scenarios_are_doing(tmp_path: Path) -> None:
    """Each line is told once, when it is whole, and again with its time while nothing new is there."""
    now: list[float] = [0.0]
    told: list[str] = []
    doing = Doing(tmp_path / "doing.txt", told.append, lambda: now[0])
    doing.look()
    assert told == []
    (tmp_path / "doing.txt").write_text("one: terraform init\none: terra")
    doing.look()
    doing.look()
    assert told == ["one: terraform init"]
    now[0] += BEAT_SECONDS
    doing.look()
    doing.look()
    assert told[1:] == [f"one: terraform init: {BEAT_SECONDS:.0f} s"]
    with (tmp_path / "doing.txt").open("a") as file:
        file.write("form apply\n")
    doing.look()
    assert told[2:] == ["one: terraform apply"]
