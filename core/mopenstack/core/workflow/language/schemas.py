"""The JSON schemas of the language, key for key in the order in which Mistral's refusals print them.

Source: mistral/lang/types.py, mistral/lang/base.py and mistral/lang/v2.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

JINJA = r"({{(.*?)}})"
YAQL = r"<%.*?%>"

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT, "uniqueItems": True, "minItems": 1}
WHOLE: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number", "minimum": 0.0}
EXPRESSION: Schema = {
    "oneOf": [{"type": "string", "pattern": rf"^{JINJA}\s*$"}, {"type": "string", "pattern": rf"^{YAQL}\s*$"}]
}
_KINDS = ("array", "boolean", "integer", "number", "object", "string")
ANY: Schema = {"anyOf": [{"type": kind} for kind in _KINDS]}
ANY_OR_NULL: Schema = {"anyOf": [{"type": kind} for kind in ("null", *_KINDS)]}
OBJECT: Schema = {"type": "object", "minProperties": 1, "patternProperties": {r"^\w+$": ANY_OR_NULL}}
ONE_KEY: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "patternProperties": {r"^\w+$": ANY_OR_NULL},
}
EXPRESSION_OR_WHOLE: Schema = {"oneOf": [EXPRESSION, WHOLE]}
EXPRESSION_OR_BOOLEAN: Schema = {"oneOf": [EXPRESSION, {"type": "boolean"}]}
VERSION: Schema = {"anyOf": [TEXT, WHOLE, NUMBER]}
TYPE: Schema = {"enum": ["reverse", "direct"]}
PARAMETERS: Schema = {"type": "array", "items": {"oneOf": [TEXT, ONE_KEY]}, "uniqueItems": True, "minItems": 1}

_META: Schema = {"name": TEXT, "version": VERSION, "description": TEXT, "tags": TEXTS}


def _whole(schema: Schema, meta: Schema | None = None, required: tuple[str, ...] = ()) -> Schema:
    """A schema with what every specification has."""
    made = dict(schema)
    made["properties"] = {**schema.get("properties", {}), **(_META if meta is None else meta)}
    if required:
        made["required"] = [*schema.get("required", ()), *required]
    made["definitions"] = {}
    return made


def _part(schema: Schema) -> Schema:
    """A schema inside of others: what it requires is its own."""
    return _whole(schema)


RETRY: Schema = _part(
    {
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "count": {"oneOf": [EXPRESSION, WHOLE]},
                    "break-on": EXPRESSION,
                    "continue-on": EXPRESSION,
                    "delay": {"oneOf": [EXPRESSION, WHOLE]},
                },
                "required": ["delay", "count"],
                "additionalProperties": False,
            },
            TEXT,
        ]
    }
)
PUBLISH: Schema = _part(
    {
        "type": "object",
        "properties": {"branch": OBJECT, "global": OBJECT, "atomic": OBJECT},
        "additionalProperties": False,
    }
)
_NEXT: Schema = {
    "oneOf": [
        {"type": "string", "pattern": r"^\S+$", "description": "Task name (e.g.: `task1`)"},
        {
            "type": "string",
            "pattern": r"^\w+ \w+=(.*)$",
            "description": 'Task name with dict parameter (e.g.: `fail msg="test"`, `fail msg=<% task() %>`)',
        },
        {
            "type": "string",
            "pattern": r"^\w+\(\w+=(.*)\)$",
            "description": 'Task name with func parameter (e.g.: `fail(msg="test")`, `fail(msg=<% task() %>)`)',
        },
    ]
}
_NEXT_IF: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "patternProperties": {one["pattern"]: EXPRESSION for one in _NEXT["oneOf"]},
    "description": "All next task variants plus expression (e.g.: `task1: <% $.vm_id != null %>`, "
    '`fail(msg="test"): <% $.vm_id != null %>`).',
}
_NEXT_LIST: Schema = {"type": "array", "items": {"oneOf": [_NEXT, _NEXT_IF]}, "uniqueItems": True, "minItems": 1}
_ADVANCED: Schema = {
    "type": "object",
    "minProperties": 1,
    "properties": {"publish": PUBLISH, "next": {"oneOf": [_NEXT, _NEXT_IF, _NEXT_LIST]}},
    "additionalProperties": False,
}
ON: Schema = _part({"oneOf": [_NEXT, _NEXT_IF, _NEXT_LIST, _ADVANCED]})

_POLICIES: Schema = {
    "retry": RETRY,
    "wait-before": EXPRESSION_OR_WHOLE,
    "wait-after": EXPRESSION_OR_WHOLE,
    "timeout": EXPRESSION_OR_WHOLE,
    "pause-before": EXPRESSION_OR_BOOLEAN,
    "concurrency": EXPRESSION_OR_WHOLE,
    "fail-on": EXPRESSION_OR_BOOLEAN,
}
POLICIES: Schema = _part({"type": "object", "properties": _POLICIES, "additionalProperties": False})
_ONS: Schema = {"on-complete": ON, "on-success": ON, "on-error": ON, "on-skip": ON}
DEFAULTS: Schema = _part(
    {
        "type": "object",
        "properties": {
            **_POLICIES,
            **_ONS,
            "safe-rerun": EXPRESSION_OR_BOOLEAN,
            "requires": {"oneOf": [TEXT, TEXTS]},
        },
        "additionalProperties": False,
    }
)


def _task(kind: str, further: Schema) -> Schema:
    return _whole(
        {
            "type": "object",
            "properties": {
                "type": {"enum": [kind]},
                "action": TEXT,
                "workflow": TEXT,
                "input": {"oneOf": [OBJECT, TEXT]},
                "with-items": {"oneOf": [TEXT, TEXTS]},
                "publish": OBJECT,
                "publish-on-error": OBJECT,
                "publish-on-skip": OBJECT,
                **_POLICIES,
                "target": TEXT,
                "keep-result": EXPRESSION_OR_BOOLEAN,
                "safe-rerun": EXPRESSION_OR_BOOLEAN,
                **further,
            },
            "additionalProperties": False,
            "anyOf": [
                {"not": {"type": "object", "required": ["action", "workflow"]}},
                {"oneOf": [{"type": "object", "required": ["action"]}, {"type": "object", "required": ["workflow"]}]},
            ],
        },
        required=("version", "name"),
    )


TASKS: dict[str, Schema] = {
    "direct": _task("direct", {"join": {"oneOf": [{"enum": ["all", "one"]}, WHOLE]}, **_ONS}),
    "reverse": _task("reverse", {"requires": {"oneOf": [TEXT, TEXTS]}}),
}
WORKFLOW: Schema = _whole(
    {"properties": {"tasks": {"type": "object", "minProperties": 1, "patternProperties": {r"^\w+$": OBJECT}}}},
    {
        "type": TYPE,
        "task-defaults": OBJECT,
        "input": PARAMETERS,
        "output": OBJECT,
        "output-on-error": OBJECT,
        "vars": OBJECT,
        "tags": TEXTS,
    },
    ("tasks",),
)
ACTION: Schema = _whole(
    {
        "type": "object",
        "properties": {"base": TEXT, "base-input": OBJECT, "input": PARAMETERS, "output": ANY_OR_NULL},
        "required": ["base"],
        "additionalProperties": False,
    },
    required=("version", "name"),
)
LIST: Schema = {
    "type": "object",
    "properties": {"version": VERSION},
    "additionalProperties": OBJECT,
    "required": ["version"],
    "definitions": {},
}
_IN_WORKBOOK: Schema = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {"^version$": {"enum": ["2.0", 2.0]}, r"^(?!version$)[\w-]+$": ANY},
    "additionalProperties": False,
}
WORKBOOK: Schema = _whole(
    {
        "type": "object",
        "properties": {
            "version": {"enum": ["2.0", 2.0], **VERSION},
            "actions": _IN_WORKBOOK,
            "workflows": _IN_WORKBOOK,
        },
        "additionalProperties": False,
    },
    {"name": TEXT, "description": TEXT, "tags": TEXTS},
    ("name", "version"),
)
