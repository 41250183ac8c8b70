"""The VM lifecycle API described: its OpenAPI document, and the same as a page to read."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import orjson

from mopenstack.contract.contract import Contract
from mopenstack.contract.service import installed

NAME = "vm_lifecycle"
_STYLE = (
    "body{font:15px sans-serif;max-width:60em;margin:2em auto}"
    "td,th{text-align:left;padding:.3em .8em;vertical-align:top}"
)


@cache
def _whole() -> dict[str, Any]:
    from mopenstack.gateway.openapi import document as documented

    found: dict[str, Any] = orjson.loads(documented(Contract((installed()[NAME],))))
    found["info"] |= {"title": "VM lifecycle API", "description": "Servers of an OpenStack cloud as virtual machines."}
    bearer = {"type": "http", "scheme": "bearer", "description": "A token of Keystone's."}
    found["components"]["securitySchemes"]["bearer"] = bearer
    for item in found["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "security" in operation:
                operation["security"] = [{"token": []}, {"bearer": []}]
    return found


@cache
def document() -> bytes:
    """The OpenAPI 3.1 document."""
    return orjson.dumps(_whole())


@cache
def html() -> bytes:
    """A page with every operation, its answers and the fields of a VM; it loads nothing from elsewhere."""
    rows = []
    for path, item in _whole()["paths"].items():
        for verb, operation in item.items():
            if isinstance(operation, dict):
                answers = ", ".join(code for code in operation["responses"] if code != "default")
                text = escape(operation["description"])
                rows.append(f"<tr><td><code>{verb.upper()} {escape(path)}</code><td>{text}<td>{answers}</tr>")
    vm = next(schema for name, schema in _whole()["components"]["schemas"].items() if name.endswith(".Vm"))
    fields = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{escape(field.get('description', ''))}</tr>"
        for name, field in vm["properties"].items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>VM lifecycle API</title><style>{_STYLE}</style>"
        "<h1>VM lifecycle API</h1><p>The same for programs: <a href=openapi.json>openapi.json</a>.</p>"
        f"<table><tr><th>Operation<th>What it does<th>Answers</tr>{''.join(rows)}</table>"
        f"<h2>A VM</h2><table><tr><th>Field<th>Meaning</tr>{fields}</table></html>"
    ).encode()
