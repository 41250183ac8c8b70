"""Pages of the documentation whose commands are run: what a page says that they print they must print.

A page is Markdown with fenced blocks, each of a language:

    ```sh                        commands, run in the order of the page, in one shell (bash -eu) in an empty folder
    ```text                      behind such a block: lines that its commands print, in this order (`...`: any others)
    ```sh not-run="the reason"   commands that cannot be run here; the reason is shown on the page
    ```python, ```hcl ...        where the first line is a comment with a file's name, that file, there from the start

`mopenstack up` takes a free port where a page names none. The folder has `examples`, as a checkout has it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mopenstack.cli.terraform import binary, provider_settings
from mopenstack.conformance.tools import get_tool
from tests.processes import command

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs"
SHELL = "sh"
SAID = "text"
NOT_RUN = "not-run"

_FENCE = re.compile(
    r"^```(?P<language>[^\s`]*)(?P<rest>[^\n`]*)\n(?P<text>.*?)^```[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL
)
_NOT_RUN = re.compile(rf'\s+{NOT_RUN}="(?P<reason>[^"]*)"\s*')
_FILE = re.compile(r"(?:#|//) (?P<name>[\w./-]+\.\w+)\n")
_MARK = "-- the end of a block --"
_PROGRAMS = {
    "mopenstack": 'case "$*" in up\\ *--port*|*--port=*) ;; up|up\\ *) shift; set -- up --port 0 "$@" ;; esac\n'
    'exec "{python}" -P -m mopenstack.cli.main "$@"\n',
    "python": 'exec "{python}" "$@"\n',
    "python3": 'exec "{python}" "$@"\n',
    "pytest": 'exec "{python}" -m pytest -p no:asyncio -p no:schemathesis -p no:cacheprovider "$@"\n',
    # All of it is installed here. What else a page installs would not be tested.
    "pip": 'case " $*" in *mopenstack*|" install . "*|" install .["*) ;; *) echo "pip $*: what for?"; exit 1 ;; esac\n',
}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the line of the page where it begins; why its commands are not run."""

    language: str
    text: str
    line: int
    reason: str = ""

    @property
    def is_run(self) -> bool:
        return self.language == SHELL and not self.reason


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page; raises ValueError for one that is not as it must be."""
    found = []
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        rest = fence["rest"].rstrip()
        marked = _NOT_RUN.fullmatch(rest)
        if rest and (not marked or fence["language"] != SHELL or not marked["reason"].strip()):
            raise ValueError(f'line {line}: a fence is a language, or `{SHELL} {NOT_RUN}="the reason"`, not {rest!r}')
        if not fence["language"]:
            raise ValueError(f"line {line}: a fence without a language: `{SHELL}` for commands, `{SAID}` for output")
        found.append(Block(fence["language"], fence["text"], line, marked["reason"] if marked else ""))
    return found


def steps(text: str) -> list[tuple[Block, list[str]]]:
    """(block of commands, lines that it must print), in the order of the page."""
    found: list[tuple[Block, list[str]]] = []
    last: Block | None = None
    for block in blocks(text):
        if block.is_run:
            found.append((block, []))
        elif block.language == SAID and last is not None and last.is_run and _follows(text, last, block):
            found[-1][1].extend(line for line in block.text.splitlines() if line.strip() != "...")
        last = block
    return found


def _follows(text: str, first: Block, second: Block) -> bool:
    """Whether nothing stands between two blocks."""
    lines = text.splitlines()
    end = first.line + first.text.count("\n") + 1
    return not any(line.strip() for line in lines[end : second.line - 1])


def files(text: str) -> dict[str, str]:
    """Name -> text, of the files that a page shows."""
    return {
        named["name"]: block.text[named.end() :]
        for block in blocks(text)
        if block.language not in (SHELL, SAID) and (named := _FILE.match(block.text))
    }


@cache
def _tools() -> tuple[Path, ...]:
    """Folders of the programs of others that pages use: the `openstack` command line, Terraform."""
    terraform = binary()
    assert terraform, "terraform (or tofu) is not on PATH"
    return (Path(str(get_tool("openstackclient").require().path)).parent, Path(terraform).parent)


def follow(page: str, blocks_min: int, state: Path, tools: Iterable[Path] = (), seconds_max: float = 300) -> str:
    """Run the blocks of a page of docs/ one after the other, in a state folder; returns what they printed.

    `tools` are folders of programs, before those of PATH.
    """
    return run((PAGES / page).read_text(), blocks_min, state, tools, seconds_max)


def run(text: str, blocks_min: int, state: Path, tools: Iterable[Path] = (), seconds_max: float = 300) -> str:
    """The same of a text. A failure tells the block, and what was printed."""
    found = steps(text)
    assert len(found) >= blocks_min
    programs, folder = state / "programs", state / "folder"
    for made in (programs, folder):
        made.mkdir()
    for name, script in _PROGRAMS.items():
        (programs / name).write_text("#!/bin/sh\n" + script.replace("{python}", sys.executable))
        (programs / name).chmod(0o755)
    (folder / "examples").symlink_to(ROOT / "examples")
    for name, content in files(text).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "OS_"))}
    path = os.pathsep.join(map(str, (programs, *tools, *_tools(), os.environ["PATH"])))
    environment = {**kept, **provider_settings(binary()), "PATH": path, "XDG_STATE_HOME": str(state)}
    shell = "exec 2>&1\n" + f"\necho '{_MARK}'\n".join(block.text for block, _ in found)
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", shell],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds_max)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what a page left in the background, too
        process.wait()
        command("stop", state=state, check=False)
        shutil.rmtree(folder / ".terraform", ignore_errors=True)  # the provider, of many megabytes
    printed = output.split(_MARK)
    failed = found[min(len(printed), len(found)) - 1][0]
    assert process.returncode == 0, f"the block at line {failed.line} fails:\n{failed.text}\n{output}"
    for (block, said), part in zip(found, printed, strict=True):
        place = 0
        for line in said:
            place = part.find(line, place)
            assert place >= 0, f"{line!r} is not printed by the block at line {block.line}:\n{block.text}\nbut:\n{part}"
            place += len(line)
    return output
