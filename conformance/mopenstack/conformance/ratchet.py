"""Lists of expected verdicts that only grow.

`ratchet/<tool>/passing.txt` names the cases that pass, one a line: each must go on passing. `known_failing.txt` has
lines `pattern: reason`; what matches is still run and must fail. A name or pattern that matches no case is an error.
"""

from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel

from mopenstack.conformance.errors import RatchetError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.paths import package_file


class KnownFailure(BaseModel):
    """Cases that fail for a reason outside of mopenstack, with that reason."""

    pattern: str
    reason: str


class Judgement(BaseModel):
    """What the ratchet says about a run."""

    results: list[Result]
    errors: list[str]
    new: list[str]
    """Cases that passed and are not listed yet."""


class Ratchet(BaseModel):
    """The two lists of a tool."""

    tool: str
    passing: list[str] = []
    known_failing: list[KnownFailure] = []

    @classmethod
    def load(cls, tool: str, folder: Path | None = None) -> "Ratchet":
        """Read the lists; a tool without any has an empty ratchet."""
        folder = folder or package_file("ratchet", tool)
        passing = _lines(folder / "passing.txt")
        known = []
        for line in _lines(folder / "known_failing.txt"):
            pattern, separator, reason = line.partition(":")
            if not separator or not reason.strip():
                raise RatchetError(f"{folder}/known_failing.txt: {line!r} gives no reason")
            known.append(KnownFailure(pattern=pattern.strip(), reason=reason.strip()))
        return cls(tool=tool, passing=passing, known_failing=known)

    def check(self, cases: list[str]) -> None:
        """The lists fit the cases that there are."""
        problems = [
            f"{name} is listed twice" for name in sorted({n for n in self.passing if self.passing.count(n) > 1})
        ]
        problems += [f"{name} is listed as passing and is no case" for name in self.passing if name not in set(cases)]
        for known in self.known_failing:
            if not any(fnmatchcase(case, known.pattern) for case in cases):
                problems.append(f"the pattern {known.pattern} matches no case")
            problems += [
                f"{name} is listed as passing and matches the known failure {known.pattern}"
                for name in self.passing
                if fnmatchcase(name, known.pattern)
            ]
        if problems:
            raise RatchetError("; ".join(problems))

    def known(self, case: str) -> KnownFailure | None:
        """The known failure that covers a case."""
        return next((one for one in self.known_failing if fnmatchcase(case, one.pattern)), None)

    def judge(self, results: list[Result]) -> Judgement:
        """Hold a run against the lists. A listed case that was not part of the run is no concern of it."""
        errors, new, judged = [], [], []
        for result in results:
            known = self.known(result.case)
            if known and result.outcome is Outcome.FAILED:
                result = result.model_copy(update={"known": True, "reason": f"{known.reason} ({result.reason})"})
            elif known and result.outcome is Outcome.PASSED:
                errors.append(f"{result.case} is listed as failing ({known.reason}) and passed: take it off the list")
            elif result.case in self.passing and result.outcome is not Outcome.PASSED:
                errors.append(f"{result.case} is listed as passing: {result.outcome.value}: {result.reason}")
            elif result.outcome is Outcome.PASSED and result.case not in self.passing:
                new.append(result.case)
            judged.append(result)
        return Judgement(results=judged, errors=errors, new=sorted(new))

    def grow(self, names: list[str], folder: Path | None = None) -> None:
        """Add cases to the passing list. Nothing ever takes one off but a person."""
        folder = folder or package_file("ratchet", self.tool)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "passing.txt"
        comments = [line for line in path.read_text().splitlines() if line.startswith("#")] if path.exists() else []
        listed = sorted({*self.passing, *names})
        path.write_text("\n".join([*comments, *listed]) + "\n")


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
