"""Verdicts: what a case of any tool ends with."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Outcome(StrEnum):
    """How a case ended. *Not run* is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The tool itself skipped the case."""
    NOT_RUN = "not run"
    """The case could not be started: the cloud or the tool lacks what it needs."""


class Result(BaseModel):
    """The verdict on one case."""

    model_config = ConfigDict(extra="forbid")

    case: str = Field(description="Stable name of the case within its tool.")
    tool: str
    service: str
    outcome: Outcome
    reason: str = Field(default="", description="Why it did not pass.")
    seconds: float = 0
    negative: bool = Field(default=False, description="The case asks the cloud to refuse something.")
    drift_free: bool | None = Field(
        default=None, description="Whether a plan after the apply was empty; None where no plan was looked at."
    )
    known: bool = Field(default=False, description="A failure that the ratchet lists with its reason.")
    reproduce: str = Field(default="", description="The command that runs this case alone.")
    steps: list[str] = Field(default_factory=list, description="What was done and seen, a line each.")
    output: str = Field(default="", description="The end of what the tool said, for a case that failed.")


class Summary(BaseModel):
    """How many cases ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    not_run: int = 0

    @classmethod
    def of(cls, results: list[Result]) -> "Summary":
        """Count."""

        def count(outcome: Outcome) -> int:
            return sum(result.outcome is outcome for result in results)

        return cls(
            passed=count(Outcome.PASSED),
            failed=count(Outcome.FAILED),
            skipped=count(Outcome.SKIPPED),
            not_run=count(Outcome.NOT_RUN),
        )

    def line(self) -> str:
        """`N passed, N failed, N skipped, N not run`."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped, {self.not_run} not run"
