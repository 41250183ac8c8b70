"""The faults of a run: each kind once, with its smallest reproducer."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.campaign import Found, Session
from fuzz.clouds import Yard
from fuzz.judge import Judge
from fuzz.reproducers import script
from fuzz.shrink import Numbered, repeats, shrunk

SHRUNK_MAX = 40
"""How many kinds of faults are shrunk in one run; a run that finds more has enough to tell."""

NOT_AGAIN = "# It was not seen again when the round was repeated; the request that showed it:"


@dataclass(slots=True)
class Finding:
    """A kind of fault: how often it was seen, where, and its reproducer."""

    signature: str
    source: str
    times: int = 1
    script: str = ""
    is_fault: bool = True


@dataclass(slots=True)
class Findings:
    """Collects faults; `folder` gets a file for each kind."""

    yard: Yard
    folder: Path
    all: dict[str, Finding] = field(default_factory=dict)

    @property
    def faults(self) -> list[Finding]:
        """Those that count: what was slow once, and not again, was the machine."""
        return [finding for finding in self.all.values() if finding.is_fault]

    def add(self, found: Found, judge: Judge) -> None:
        """Note a fault; the first of its kind is shrunk, written and printed."""
        signature = found.fault.signature
        if signature in self.all:
            self.all[signature].times += 1
            return
        finding = self.all[signature] = Finding(signature, found.source)
        if len(self.all) > SHRUNK_MAX:
            return
        small = shrunk(found.shots, repeats(self.yard, found.source, judge, found.fault))
        if not small and found.fault.kind == "slow":
            finding.is_fault = False
            return
        numbered = small or list(enumerate(found.shots))[-1:]
        finding.script = self._script(finding, numbered, judge)
        if not small:
            finding.script = f"{NOT_AGAIN}\n{finding.script}"
        path = self.folder / f"{len(self.all):02}-{re.sub('[^a-z0-9]+', '-', signature.lower())[:60].strip('-')}.sh"
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {signature}\n# seen on {found.source}\n{finding.script}", encoding="utf-8")
        sys.stderr.write(f"\n{signature}\n  seen on {found.source}; {path}:\n{_indented(finding.script)}\n")

    def _script(self, finding: Finding, shots: Numbered, judge: Judge) -> str:
        """The reproducer, from one more run of it that shows what its references stand for."""
        with Session(self.yard.get(finding.source), judge, f"script-{len(self.all)}") as session:
            for number, shot in shots:
                session.send(number, shot)
            return script(shots, session.pool.known)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
