"""What is a fault: a 5xx that is not meant, a connection closed where an answer was due, a slow answer."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fuzz.shots import Shot
from fuzz.wire import Answer

DELIBERATE = Path(__file__).parent.parent / "tests" / "golden" / "deliberate-5xx.tsv"
SLOW_SECONDS = 1.0
NOT_SERVED = b"mopenstack does not serve"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. `signature` is the same for requests that show the same one."""

    kind: str
    what: str

    @property
    def signature(self) -> str:
        """Without what differs from one request to the next."""
        return f"{self.kind}: " + re.sub(r"[0-9a-f]{8}[0-9a-f-]{24,28}|\d{4,}", "N", self.what)


@dataclass(slots=True)
class Judge:
    """Judges answers. `idle_seconds` is what the cheapest request takes while nothing else runs."""

    idle_seconds: float

    def fault(self, shot: Shot, answer: Answer, reason: str, probe_seconds: float) -> Fault | None:
        """The fault of an answer.

        `reason` is what the log says, `probe_seconds` what the cheapest request takes now.
        """
        if answer.fault:
            # Of half a request the server may wait for the rest; but where it hangs up, it says why.
            if shot.whole or answer.fault not in ("no answer", "closed before the request"):
                return Fault("broken", f"{answer.fault} {reason}".strip())
            return None
        if answer.status >= 500 and not _is_deliberate(shot, answer, reason):
            return Fault("5xx", f"{answer.status} {reason or answer.body[:200].decode('utf-8', 'replace')}")
        if self.is_slow(answer.seconds, probe_seconds) and shot.whole:
            return Fault("slow", f"{shot.verb} {shot.operation}")
        return None

    def is_slow(self, seconds: float, probe_seconds: float) -> bool:
        """Whether an answer took too long, on a machine that is as busy as the probe says."""
        return seconds > SLOW_SECONDS * max(1.0, probe_seconds / self.idle_seconds)


def _is_deliberate(shot: Shot, answer: Answer, reason: str) -> bool:
    """501 of what is documented and not served; and what the real services answer with 5xx, each listed."""
    if answer.status == 501:
        return NOT_SERVED in answer.body
    if shot.verb == "HEAD":
        return not reason  # it has no text; what was not meant is in the log
    service = shot.path.strip("/").partition("/")[0]
    text = answer.body.decode("utf-8", "replace")
    known = (service, str(answer.status))
    return any((row["service"], row["status"]) == known and row["text"] in text for row in _rows())


@cache
def _rows() -> list[dict[str, str]]:
    with DELIBERATE.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
