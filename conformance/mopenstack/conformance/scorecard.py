"""The scorecard: what one tool can do with one cloud, by service. Never one blended percentage."""

from collections import defaultdict
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from mopenstack.conformance.answers import Answers
from mopenstack.conformance.model import Outcome, Result, Summary


class Tally(BaseModel):
    """So many of so many."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(ge=0)
    of: int = Field(ge=0)

    def __str__(self) -> str:
        return f"{self.count}/{self.of}" if self.of else "-"


class Entry(BaseModel):
    """One service, as one tool saw it."""

    model_config = ConfigDict(extra="forbid")

    service: str
    outcomes: Summary = Field(description="How many cases ended how.")
    served: Tally = Field(description="Cases for which the cloud has what they need, of all the cases of the tool.")
    driven: Tally = Field(description="Cases that the tool ran to a verdict, of those served.")
    asserted: Tally = Field(description="Cases whose every check held, of those driven.")
    negative: Tally = Field(description="Refusals with the documented status and message, of those demanded.")
    drift_free: Tally = Field(description="Cases with an empty plan after the apply, of those where one was looked at.")
    known_failing: int = Field(description="Failures that the ratchet lists with their reason.")
    reproduce: str = Field(description="The command that makes this entry anew.")


class ToolVersion(BaseModel):
    """A tool that took part."""

    name: str
    version: str
    origin: str


class Failure(BaseModel):
    """A case that did not pass."""

    case: str
    service: str
    outcome: Outcome
    known: bool
    reason: str
    reproduce: str


class Scorecard(BaseModel):
    """The score of one tool on one cloud."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = 1
    tool: str
    tools: list[ToolVersion]
    cloud: str = Field(description="`mopenstack` for clouds that the suite started, else the entry of clouds.yaml.")
    created: datetime
    seconds: float
    summary: Summary
    entries: list[Entry]
    failures: list[Failure]
    ratchet_errors: list[str] = []
    newly_passing: list[str] = []
    answers: Answers | None = Field(default=None, description="Of clouds of the suite's own: what they answered.")

    @property
    def good(self) -> bool:
        """Nothing failed that is not listed with its reason, no listed case fell back, every answer is as published."""
        violations = self.answers.violations if self.answers else []
        return (
            not self.ratchet_errors
            and not violations
            and not any(failure.outcome is Outcome.FAILED and not failure.known for failure in self.failures)
        )


def build(tool: str, results: list[Result], *, tools: list[ToolVersion], cloud: str, seconds: float = 0) -> Scorecard:
    """Score the verdicts of one tool."""
    by_service: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_service[result.service].append(result)
    failures = [
        Failure(**result.model_dump(include=set(Failure.model_fields)))
        for result in sorted(results, key=lambda one: (one.service, one.case))
        if result.outcome in (Outcome.FAILED, Outcome.NOT_RUN)
    ]
    return Scorecard(
        tool=tool,
        tools=tools,
        cloud=cloud,
        created=datetime.now(UTC).replace(microsecond=0),
        seconds=round(seconds, 1),
        summary=Summary.of(results),
        entries=[_entry(tool, service, by_service[service]) for service in sorted(by_service)],
        failures=failures,
    )


def _entry(tool: str, service: str, results: list[Result]) -> Entry:
    served = [one for one in results if one.outcome is not Outcome.NOT_RUN]
    driven = [one for one in served if one.outcome is not Outcome.SKIPPED]
    passed = [one for one in driven if one.outcome is Outcome.PASSED]
    negative = [one for one in driven if one.negative]
    planned = [one for one in driven if one.drift_free is not None]
    return Entry(
        service=service,
        outcomes=Summary.of(results),
        served=Tally(count=len(served), of=len(results)),
        driven=Tally(count=len(driven), of=len(served)),
        asserted=Tally(count=len(passed), of=len(driven)),
        negative=Tally(count=sum(one.outcome is Outcome.PASSED for one in negative), of=len(negative)),
        drift_free=Tally(count=sum(bool(one.drift_free) for one in planned), of=len(planned)),
        known_failing=sum(one.known for one in results),
        reproduce=f"mopenstack conformance run --tool {tool} --service {service}",
    )
