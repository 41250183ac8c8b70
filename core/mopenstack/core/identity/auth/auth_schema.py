"""What an authentication request must look like, as Keystone prints it in a refusal (keystone.auth.schema)."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_NAMED = {"type": "object", "properties": {"id": _TEXT, "name": _TEXT}}

IDENTITY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "methods": {"type": "array", "items": _TEXT},
        "password": {
            "type": "object",
            "properties": {
                "user": {
                    "type": "object",
                    "properties": {"id": _TEXT, "name": _TEXT, "password": _TEXT, "domain": _NAMED},
                }
            },
        },
        "token": {"type": "object", "properties": {"id": _TEXT}, "required": ["id"]},
    },
    "required": ["methods"],
}

AUTH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "identity": IDENTITY,
        "scope": {
            "type": ["object", "string"],
            "properties": {
                "project": {
                    "type": "object",
                    "properties": {"name": _TEXT, "id": _TEXT, "domain": _NAMED},
                },
                "domain": _NAMED,
                "OS-TRUST:trust": {"type": "object", "properties": {"id": _TEXT}},
                "system": {
                    "type": "object",
                    "properties": {
                        "all": {"type": "boolean", "enum": [True, False]},
                    },
                },
            },
        },
    },
    "required": ["identity"],
}
