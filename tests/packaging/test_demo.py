"""`make demo` tells what it does: commands side by side, their last words, and what fails."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo import steps
from demo.run import FIRST, TOOLS, Demo
from demo.steps import Command, Failed

ROOT = Path(__file__).parents[2]
WAITS = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)\nprint('opened')"


def _python(script: str, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", script, *arguments]


@pytest.fixture
def shown(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def test_commands_run_side_by_side(
    shown: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits for the other comes to its end; what is silent is said to go on; each line has its time."""
    monkeypatch.setattr(steps, "SILENT_SECONDS", 0.05)
    gate = tmp_path / "gate"
    opens = "import pathlib, sys, time\nprint('first', flush=True)\ntime.sleep(0.5)\npathlib.Path(sys.argv[1]).touch()"
    shown.together(Command("waits", _python(WAITS, gate)), Command("opens", _python(opens, gate)))
    said = capsys.readouterr().out
    assert all(re.match(r"\[ *\d+ s\] ", line) for line in said.splitlines())
    assert "opens: first" in said
    assert re.search(r"waits: still at it, \d+ s", said)
    assert re.search(r"waits: done, \d+ s", said)
    assert re.search(r"opens: done, \d+ s", said)


def test_what_is_done_in_the_process_is_told_too(
    shown: Demo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its start and while it goes on, and no longer when it has ended or failed."""
    monkeypatch.setattr(steps, "SILENT_SECONDS", 0.01)
    said = ""
    with pytest.raises(ZeroDivisionError), shown.telling("the links"):  # noqa: PT012
        while "still at it" not in said:
            said += capsys.readouterr().out
        raise ZeroDivisionError
    assert re.match(r"\[ *\d+ s\] the links\n", said)
    assert re.search(r"\] the links: still at it, \d+ s\n", said)


def test_what_fails_ends_the_others(shown: Demo, tmp_path: Path) -> None:
    """With what it said, and with all that the others have started."""
    waits = Command("waits", _python(WAITS, tmp_path / "never"))
    fails = Command("fails", _python("import sys; print('no such thing', file=sys.stderr); sys.exit(3)"))
    with pytest.raises(Failed, match=r"fails failed \(3\):\nno such thing"):
        shown.together(waits, fails)
    assert not waits.runs


def test_without_terraform_it_says_so(
    shown: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is installed."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("MOPENSTACK_TERRAFORM", raising=False)
    with pytest.raises(Failed, match="Neither terraform nor tofu is on PATH"):
        shown.run()
    assert "virtual environment" not in capsys.readouterr().out


def _distributions(code: str) -> set[str]:
    """Whose modules are loaded when a program has run."""
    code += "\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    owners = importlib.metadata.packages_distributions()
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    return {_spelt(one) for name in loaded for one in owners.get(name, [])}


def _spelt(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _with_all_they_need(names: set[str]) -> set[str]:
    """Distributions, and those below them that are installed."""
    found: set[str] = set()
    left = {_spelt(name) for name in names}
    while left:
        name = left.pop()
        found.add(name)
        try:
            needed = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        below = {_spelt(re.split(r"[^\w.-]", one)[0]) for one in needed if "extra ==" not in one}
        left |= below - found
    return found


def test_the_tools_need_the_first_packages_alone() -> None:
    """They run while the others are being installed; and what comes first is among what the package needs."""
    code = TOOLS.replace("; tools_app()", "")
    assert code != TOOLS
    # What is loaded at the start of any Python of this environment is not asked for.
    used = _distributions(f"{code}\nfrom mopenstack.conformance.tools import TOOLS") - _distributions("")
    first = {re.split("[<>=]", one)[0] for one in FIRST}
    assert used - _with_all_they_need(first) - {"mopenstack"} == set()
    declared = (ROOT / "pyproject.toml").read_text()
    assert all(f'"{one}"' in declared for one in FIRST)
