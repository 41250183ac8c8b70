"""The audit log of the VM lifecycle API: one JSON line for each operation that was asked for."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.noted import CallFacts
from mopenstack.contract.operations import snake

FILE, LEVEL = "VM_AUDIT_LOG", "LOG_LEVEL"
"""The variables that name the file, else standard error, and the least level of a line that is written."""
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_ID_MAX = 64


class AuditLog:
    """Lines of `timestamp level message vm_id user endpoint`; `vm_id` and `user` are null where none is known."""

    def __init__(self) -> None:
        self._path = os.environ.get(FILE, "")
        wanted = os.environ.get(LEVEL, "INFO").upper()
        self._least = _LEVELS.index(wanted) if wanted in _LEVELS else 1

    def write(self, facts: CallFacts, context: RequestContext, status: int, body: Any) -> None:
        """Write the line of an operation that was answered with a status and a JSON body."""
        level = "INFO" if status < _CLIENT_ERROR else "WARNING" if status < _SERVER_ERROR else "ERROR"
        if _LEVELS.index(level) < self._least:
            return
        document = _document(body)
        line = {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": level,
            "message": f"{_operation(facts)}: {_outcome(status, document)}",
            "vm_id": _vm_id(context.path, document),
            "user": facts.caller.user_name or facts.caller.user_id if facts.caller is not None else None,
            "endpoint": f"{context.verb} {facts.operation.api.prefix if facts.operation else ''}{facts.route}",
        }
        text = orjson.dumps(line).decode()
        if not self._path:
            print(text, file=sys.stderr, flush=True)
            return
        with open(self._path, "a", encoding="utf-8") as file:  # anew: others may have moved it away
            file.write(f"{text}\n")


def _operation(facts: CallFacts) -> str:
    """`StartVm` as "start", `ListVms` as "list"."""
    return snake(facts.operation.method).rpartition("_")[0] if facts.operation is not None else ""


def _outcome(status: int, document: dict[str, Any]) -> str:
    if "error" in document:
        return f"{status} {document['error'].get('message', '')}"
    return f"{status} {document.get('status', '')}".strip()


def _vm_id(path: str, document: dict[str, Any]) -> str | None:
    named = path.removeprefix("/vms/").partition("/")[0] if path.startswith("/vms/") else ""
    return named[:_ID_MAX] or document.get("id")


def _document(body: Any) -> dict[str, Any]:
    if not isinstance(body, bytes) or not body:
        return {}
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
