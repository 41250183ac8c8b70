"""The answers of work on many objects: counts, and what could not be done. Source: swift.common.middleware.bulk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from mopenstack.core.object_store import listing
from mopenstack.core.object_store.requests import Request

FORMATS = ("text/plain", "application/json", "application/xml", "text/xml")


def format_of(req: Request, formats: Sequence[str] = FORMATS) -> str:
    """The media type that the Accept header likes best; "" where it takes none, or cannot be read."""
    return listing.best(req.headers.get("accept", ""), formats) or ""


def body(form: str, facts: Mapping[str, Any], errors: Sequence[Sequence[str]], root: str) -> bytes:
    """The report in a form (get_response_body)."""
    if form == "application/json":
        return json.dumps({**facts, "Errors": [list(error) for error in errors]}).encode()
    if form.endswith("/xml"):
        lines = [f"<{root}>\n"]
        for key in sorted(facts):
            name = key.replace(" ", "_").lower()
            lines.append(f"<{name}>{escape(str(facts[key]))}</{name}>\n")
        lines.append("<errors>\n")
        for name, status in errors:
            lines.append(f"<object><name>{escape(name)}</name><status>{escape(status)}</status></object>\n")
        lines.append(f"</errors>\n</{root}>\n")
        return "".join(lines).encode()
    lines = [f"{key}: {facts[key]}\n" for key in sorted(facts)]
    lines.append("Errors:\n")
    lines += [f"{name}, {status}\n" for name, status in errors]
    return "".join(lines).encode()
