"""What the orchestration engine refuses, in the words of this API. Source: heat/api/aws/exception.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mopenstack.cloudformation.v1 import refusals
from mopenstack.contract.faults import Fault, PolicyRefused

_VALUES = frozenset({
    "AttributeError", "ValueError", "InvalidTenant", "EntityNotFound", "ResourceActionNotSupported", "ResourceNotFound",
    "ResourceNotAvailable", "StackValidationFailed", "InvalidSchemaError", "InvalidTemplateReference",
    "InvalidTemplateVersion", "InvalidTemplateSection", "UnknownUserParameter", "UserParameterMissing",
    "MissingCredentialError", "ResourcePropertyConflict", "PropertyUnspecifiedError", "NotSupported",
    "InvalidBreakPointHook", "PhysicalResourceIDAmbiguity",
})  # fmt: skip
_OTHERS: dict[str, type[Fault]] = {
    "Forbidden": refusals.AccessDenied,
    "NotAuthorized": refusals.AccessDenied,
    "StackExists": refusals.AlreadyExists,
    "ActionInProgress": refusals.ActionInProgress,
    "RequestLimitExceeded": refusals.RequestLimitExceeded,
}


@contextmanager
def translated() -> Iterator[None]:
    """Refusals of the engine become those of this API."""
    try:
        yield
    except Fault as fault:
        if fault.domain.startswith("mopenstack.cloudformation"):
            raise
        raise translation(fault) from None


def translation(fault: Fault) -> Fault:
    """The refusal of this API for one of the engine."""
    detail = f":{fault.text}" if fault.text else ""
    if isinstance(fault, PolicyRefused):
        return refusals.AccessDenied(detail=detail)
    kind = _OTHERS.get(fault.reason)
    if kind is None:
        kind = refusals.InvalidParameterValue if fault.reason in _VALUES else refusals.InternalFailure
    return kind(detail=detail)
