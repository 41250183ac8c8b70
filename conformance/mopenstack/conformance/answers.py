"""What a cloud of the suite's own said of its answers: each is held against the published schema of its operation."""

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field


class Answers(BaseModel):
    """The report of `mopenstack answers`; several are added up."""

    model_config = ConfigDict(extra="ignore")

    sources: list[str] = Field(default=[], description="The releases that the schemas come from.")
    checked: int = Field(default=0, description="Answers that were held against a schema.")
    unpublished: dict[str, int] = Field(default={}, description="Answers of operations that have no published schema.")
    driven: dict[str, int] = Field(default={}, description="Answers of each operation.")
    violations: list[str] = []

    def line(self) -> str:
        """How many were checked, and how many operations cannot be."""
        return (
            f"{self.checked} answers checked against {', '.join(self.sources)}: {len(self.violations)} violations; "
            f"{len(self.driven)} operations driven, {len(self.unpublished)} of them have no published schema"
        )


class AnswerLog:
    """Adds up what the clouds of one run said."""

    def __init__(self) -> None:
        self.total: Answers | None = None

    def add(self, one: Answers) -> None:
        """One cloud's report."""
        before = self.total or Answers()
        self.total = Answers(
            sources=one.sources,
            checked=before.checked + one.checked,
            unpublished=dict(Counter(before.unpublished) + Counter(one.unpublished)),
            driven=dict(Counter(before.driven) + Counter(one.driven)),
            violations=[*before.violations, *(new for new in one.violations if new not in before.violations)],
        )
