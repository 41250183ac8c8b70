"""What is a fault: a 5xx that is not meant, a connection closed where an answer was due, a slow answer.

Which answers of 5xx are meant, and why, says gateway/mopenstack/gateway/answers/deliberate-5xx.tsv.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fuzz.shots import Shot
from fuzz.wire import Answer
from mopenstack.contract.refusals import class_name, refusals

SLOW_SECONDS = 1.0
ANY = "*"
"""In the list, in the place of an operation: whichever it is."""
TEXTS = {
    "NotServed": b"mopenstack does not serve",
    "Unavailable": b"",
}
"""What the refusals that no package declares say."""
INVALID_FIELDS = {
    "mopenstack.container_infra.v1": b'"code":"server"',
    "mopenstack.database.v1": b'"instanceFault"',
    "mopenstack.load_balancer.v2": b'"faultcode":"Server"',
}
"""The same of a field that its service breaks on, by package."""

Rpcs = Callable[[str, str], Collection[str]]
"""The full names of the operations of a verb and a path."""


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
    rpcs: Rpcs

    def fault(self, shot: Shot, answer: Answer, reason: str, probe_seconds: float) -> Fault | None:
        """The fault of an answer.

        `reason` is what the log says, `probe_seconds` what the cheapest request takes now.
        """
        if answer.fault:
            # Of half a request the server may wait for the rest; but where it hangs up, it says why.
            if shot.whole or answer.fault not in ("no answer", "closed before the request"):
                return Fault("broken", f"{answer.fault} {reason}".strip())
            return None
        if answer.status >= 500 and not self._is_deliberate(shot, answer, reason):
            return Fault("5xx", f"{answer.status} {reason or answer.body[:200].decode('utf-8', 'replace')}")
        if reason:
            return Fault("logged", reason)
        if self.is_slow(answer.seconds, probe_seconds) and shot.whole:
            return Fault("slow", f"{shot.verb} {shot.operation}")
        return None

    def is_slow(self, seconds: float, probe_seconds: float) -> bool:
        """Whether an answer took too long, on a machine that is as busy as the probe says."""
        return seconds > SLOW_SECONDS * max(1.0, probe_seconds / self.idle_seconds)

    def _is_deliberate(self, shot: Shot, answer: Answer, reason: str) -> bool:
        """Whether an operation of the place may answer so. A HEAD has no text: what was not meant is in the log."""
        if reason:
            return False
        verb = "GET" if shot.verb.upper() == "HEAD" else shot.verb.upper()
        operations = {ANY, *self.rpcs(verb, shot.path)}
        return any(
            operation in operations and status in (0, answer.status) and (shot.verb == "HEAD" or text in answer.body)
            for operation, status, text in _deliberate()
        )


@cache
def _deliberate() -> tuple[tuple[str, int, bytes], ...]:
    """Operation, status (0: whichever) and a part of the text of each answer of 5xx that is meant."""
    path = resources.files("mopenstack.gateway.answers") / "deliberate-5xx.tsv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple((row["operation"], int(row["status"]), _text(row["operation"], row["refusal"])) for row in rows)


def _text(operation: str, refusal: str) -> bytes:
    """What an answer of this refusal holds: its text, up to the first fact, or letter that JSON or HTML escapes."""
    if refusal in TEXTS:
        return TEXTS[refusal]
    package = operation.rpartition(".")[0].rpartition(".")[0]
    if refusal == "InvalidField":
        return INVALID_FIELDS[package]
    message: str = getattr(refusals(package), class_name(refusal)).message
    return re.split(r"[{\n\"'<&\\]", message)[0].encode()
