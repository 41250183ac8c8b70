"""What a cloud of the suite's own said of its answers: each is held against the published schema of its operation."""

import threading
from collections import Counter

from pydantic import BaseModel, ConfigDict, Field


class Answers(BaseModel):
    """The report of `mopenstack answers`; several are added up."""

    model_config = ConfigDict(extra="ignore")

    sources: list[str] = Field(default=[], description="The releases that the schemas come from.")
    checked: int = Field(default=0, description="Answers that were held against a schema.")
    kept: int = Field(default=0, description="Kept answers that were held against fresh ones.")
    unpublished: dict[str, int] = Field(default={}, description="Answers of operations that have no published schema.")
    driven: dict[str, int] = Field(default={}, description="Answers of each operation.")
    declared: dict[str, str] = Field(default={}, description="Every declared operation with its verb, path and action.")
    unread: dict[str, dict[str, int]] = Field(
        default={},
        description="Keys of requests, by operation, that the contract does not declare: nothing reads them.",
    )
    violations: list[str] = []

    def line(self) -> str:
        """How many were checked, and how many operations cannot be."""
        kept = f" and {self.kept} kept ones against fresh ones" if self.kept else ""
        return (
            f"{self.checked} answers checked against {', '.join(self.sources)}{kept}: "
            f"{len(self.violations)} violations; {len(self.driven)} operations driven, "
            f"{len(self.unpublished)} of them have no published schema"
        )


class AnswerLog:
    """Adds up what the clouds of one run said; with `check_kept` they hold kept answers against fresh ones."""

    def __init__(self, *, check_kept: bool = False) -> None:
        self.check_kept = check_kept
        self.total: Answers | None = None
        self._lock = threading.Lock()

    def add(self, one: Answers) -> None:
        """One cloud's report."""
        with self._lock:
            self.total = self._with(one)

    def _with(self, one: Answers) -> Answers:
        before = self.total or Answers()
        return Answers(
            sources=one.sources,
            declared=one.declared,
            unread=_added(before.unread, one.unread),
            checked=before.checked + one.checked,
            kept=before.kept + one.kept,
            unpublished=dict(Counter(before.unpublished) + Counter(one.unpublished)),
            driven=dict(Counter(before.driven) + Counter(one.driven)),
            violations=[*before.violations, *(new for new in one.violations if new not in before.violations)],
        )


def _added(one: dict[str, dict[str, int]], other: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {
        name: dict(Counter(one.get(name, {})) + Counter(other.get(name, {})))
        for name in sorted(one.keys() | other.keys())
    }
