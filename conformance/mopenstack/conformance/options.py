"""What a run is asked for, whichever tool runs it."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.model import Result


def _silent(result: Result) -> None:
    """Progress is not shown."""


def _unsaid(text: str) -> None:
    """What is being done is not shown."""


class Options(BaseModel):
    """The choices of one run."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    names: list[str] = Field(default_factory=list, description="Cases by name; all when empty.")
    service: str | None = None
    tree: str | None = None
    cloud: str | None = Field(default=None, description="An entry of clouds.yaml instead of clouds of the suite's own.")
    admin_cloud: str | None = None
    workers: int = Field(default=2, ge=1)
    time_limit: float = Field(default=180, gt=0, description="Seconds that one case may take.")
    verbose: bool = False
    answers: AnswerLog = Field(default_factory=AnswerLog, description="Where clouds tell what they answered.")
    on_result: Callable[[Result], None] = _silent
    on_doing: Callable[[str], None] = Field(default=_unsaid, description="Told what a scenario begins.")
