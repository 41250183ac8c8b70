"""Definitions and code are the text of a body, of whatever type it says to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.gateway.hooks import BodyHook, BodySchema

PACKAGE = "mopenstack.workflow.v2"


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as wrong:
        raise BadRequest(str(wrong)) from None


def definition(message: Any, body: bytes, headers: Mapping[str, str]) -> None:
    """The definition of workflows, a workbook or actions."""
    message.definition = _text(body)


def content(message: Any, body: bytes, headers: Mapping[str, str]) -> None:
    """The text of a code source."""
    message.content = _text(body)


BODY_HOOKS: dict[str, BodyHook] = {
    **{
        f"{PACKAGE}.{operation}": definition
        for operation in (
            "Workflows.CreateWorkflows",
            "Workflows.UpdateWorkflows",
            "Workflows.UpdateWorkflow",
            "Workflows.ValidateWorkflow",
            "Workbooks.CreateWorkbook",
            "Workbooks.UpdateWorkbook",
            "Workbooks.ValidateWorkbook",
            "Actions.CreateActions",
            "Actions.UpdateActions",
            "Actions.UpdateAction",
            "Actions.ValidateAction",
        )
    },
    f"{PACKAGE}.CodeSources.CreateCodeSource": content,
    f"{PACKAGE}.CodeSources.UpdateCodeSource": content,
}
BODY_SCHEMAS: dict[str, BodySchema] = {
    operation: lambda declared: {"text/plain": {"type": "string"}} for operation in BODY_HOOKS
}
