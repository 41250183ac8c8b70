"""What the language refuses. Each kind is named as the refusal of the contract that tells it."""

from __future__ import annotations

from typing import Any


class LanguageError(Exception):
    """A refusal in Mistral's words."""

    kind = "INVALID_DEFINITION"

    @property
    def text(self) -> str:
        return str(self)


class InvalidDefinition(LanguageError):
    """A definition that is none (mistral.exceptions.DSLParsingException)."""


class InvalidInput(LanguageError):
    """Input that does not fit (InputException)."""

    kind = "INVALID_INPUT"


class WorkflowError(LanguageError):
    """What a workflow cannot do (WorkflowException and its like)."""

    kind = "WORKFLOW_ERROR"


class NotAllowed(LanguageError):
    """What an execution may not be told in its state (NotAllowedException)."""

    kind = "NOT_ALLOWED"


class EvaluationFailed(LanguageError):
    """An expression that has no value (EvaluationException)."""

    kind = "EVALUATION_FAILED"


class Completed(LanguageError):
    """The result of an action that has one."""

    kind = "ACTION_COMPLETED"


class TooLong(BaseException):
    """The time that a piece of work may take is over. No `except Exception` of a library keeps it."""


class Needed(Exception):
    """Something of the store is needed to go on: the work is begun anew when it is there."""

    def __init__(self, *key: Any) -> None:
        super().__init__(*key)
        self.key = list(key)
