"""Mistral's dialect.

Sources: mistral/api/controllers, mistral/utils/rest_utils.py, wsme.rest.args and wsme.types (texts of refusals),
wsmeext.pecan (envelope), pecan.core.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import Answer, Dialect, TooLarge
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, const, either, shape
from mopenstack.workflow.v2 import refusals

UNVERIFIED = (
    "This server could not verify that you are authorized to access the document you requested. Either you supplied "
    "the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials "
    "required."
)
FORBIDDEN = "Operation forbidden (insufficient permissions)"
_TEXTS = re.compile(r"/v2/(?:workflows|workbooks|actions|code_sources)(?:/[^/]+)?/?")
"""Where bodies are texts, and refusals have no fault code."""
_ARGUMENTS: Mapping[str, str] = {
    "executions": "wf_ex",
    "tasks": "task",
    "action_executions": "action_ex",
    "cron_triggers": "cron_trigger",
    "environments": "env",
    "event_triggers": "event_trigger",
    "dynamic_actions": "dyn_action",
    "members": "member_info",
}
"""Collection -> what its controller calls the body."""
_TYPES: Mapping[type, str] = {int: "int", float: "float", bool: "bool", list: "list", dict: "dict", str: "str"}


class WorkflowDialect(Dialect):
    reserved = frozenset({"fields"})
    body_bytes_max = 1024 * 1024
    body_expected = True
    exact_paths = True
    bare_objects = True
    statuses: ClassVar[Mapping[str, int]] = {"TextNotAcceptable": 406, "INTERNAL": 500}

    def route(self, path: str) -> str:
        return path.rstrip("/")

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context, fault)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        status = self.status(fault)
        if isinstance(fault, refusals.TextNotAcceptable):
            return _of_pecan(406, None)
        text = self._said(fault, context)
        if _is_text(context):
            return Answer.json(status, {"faultstring": text})
        return _fault(status, text)

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        return _fault(fault.status, fault.text or webob.EXPLANATIONS.get(fault.status, ""))

    def refusal_schema(self, status: int) -> Schema:
        client = shape({"faultcode": TEXT, "faultstring": TEXT, "debuginfo": {"type": ["string", "null"]}})
        pecan = shape({"code": const(status), "title": TEXT, "description": {"type": ["string", "null"]}})
        usual: Schema = {"anyOf": [client, shape({"faultstring": TEXT}), pecan]}
        return either(usual, OF_WEBOB) if status == 413 else usual

    own_unauthorized = shape({"code": const(401), "title": TEXT, "description": TEXT})

    def unauthorized(self, context: RequestContext, fault: Fault | None = None) -> Answer:
        why = "Auth token is invalid" if context.token else "Authentication required"
        text = f"Failed to validate access token: {why}"
        document = {"code": 401, "title": "Unauthorized", "description": text}
        answer = webob.answer(context.accept or "*/*", 401, UNVERIFIED, text, document=lambda said: document)
        answer.headers |= {"Server-Error-Message": text, "WWW-Authenticate": f"{text}, {self.challenge(context)}"}
        return answer

    def _said(self, fault: Fault, context: RequestContext) -> str:
        if isinstance(fault, PolicyRefused):
            return FORBIDDEN
        if not isinstance(fault, InvalidField):
            return fault.text
        if fault.rule == "unknown":
            if context.verb in ("POST", "PUT"):
                return f"Unknown attribute for argument {_argument(context)}: {fault.bound[0]}"
            return f'Unknown argument: "{fault.bound[0]}"'
        if fault.rule == "type" and not fault.path and not context.has_document:
            return f'Missing argument: "{_argument(context)}"'
        return self.invalid(fault)

    def invalid(self, fault: InvalidField) -> str:
        """wsme's sentences."""
        name = fault.path[-1] if fault.path else ""
        if fault.rule == "json":
            return "Request is not in valid JSON format"
        head = f"Invalid input for field/attribute {name}. Value: '{fault.value}'. "
        if fault.rule == "one_of":
            return f"{head}Value should be one of: {', '.join(map(str, fault.bound))}"
        if fault.rule == "type" and name:
            kind = {"string": "str", "integer": "int", "boolean": "bool", "object": "dict"}.get(str(fault.bound), "str")
            got = _TYPES.get(type(fault.value), "NoneType")
            return f"{head}Wrong type. Expected '<class '{kind}'>', got '<class '{got}'>'"
        if fault.rule == "max_length":
            return f"{head}Value should have a maximum character requirement of {fault.bound}"
        return super().invalid(fault)

    def read_json(self, body: bytes) -> Any:
        """Only objects have the keys that are looked for; raises what the service does of another value."""
        found = decode_json(body)
        if not isinstance(found, dict) and found is not None:
            raise refusals.BodyWithoutKeys(kind=_TYPES.get(type(found), "str"))
        return found

    def no_route(self, context: RequestContext) -> Answer:
        return _of_pecan(404, None)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        answer = _of_pecan(405, "")
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def guarded(self, path: str) -> bool:
        return False

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        """Definitions are answered as text: who takes JSON alone gets none (pecan.core)."""
        if context.verb in ("POST", "PUT") and _TEXTS.fullmatch(context.path) and not _validates(context.path):
            accept = context.accept or "*/*"
            if not webob.acceptable(accept, ("text/plain",)):
                raise refusals.TextNotAcceptable()

    # -- lists

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """What the query says is the core's to read; which keys are shown is the renderer's."""
        query = common.Query()
        for key, value in pairs:
            query.filters.add(key=key, values=[value])
            if key == "fields":
                query.fields.extend(_fields(value))
        return query

    def fields(self, context: RequestContext) -> list[str]:
        return [name for key, value in context.pairs if key == "fields" for name in _fields(value)]

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        if not page.next_marker:
            return {}
        said = {item.key: item.values[-1] for item in query.filters}
        named = key == "actions"
        keys = [one for one in said.get("sort_keys", "").split(",") if one] or ["name" if named else "created_at"]
        directions = [one for one in said.get("sort_dirs", "").split(",") if one] or ["asc"]
        directions += ["asc"] * (len(keys) - len(directions))
        if "id" not in keys:
            keys, directions = [*keys, "id"], [*directions, "asc"]
        parts = [f"sort_keys={','.join(keys)}", f"sort_dirs={','.join(directions)}"]
        beside = ("limit", "marker", "sort_keys", "sort_dirs", "fields", "all_projects", "include_output")
        parts += [f"{name}={_filter(value)}" for name, value in said.items() if name not in beside]
        if named and "namespace" not in said:
            parts.append("namespace=eq:")
        parts += [f"limit={said.get('limit', query.limit)}", f"marker={page.next_marker}"]
        if "fields" in said and not named:
            parts.append(f"fields={','.join(_fields(said['fields']))}")
        return {"next": f"{context.api_url}/v2/{key}?{'&'.join(parts)}"}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"next": TEXT}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if context.verb != "GET":
            return None
        if path in ("", "/"):
            links = [{"href": f"{context.api_url}/v2", "target": "v2", "rel": "self"}]
            return Answer.json(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})
        if path == "/v2":
            answer = _of_pecan(302, None)
            answer.headers["Location"] = f"{context.api_url}/v2/"
            return answer
        return Answer.json(200, {"uri": f"{context.api_url}/v2"}) if path == "/v2/" else None


def _fault(status: int, text: str) -> Answer:
    code = "Client" if status < 500 else "Server"
    return Answer.json(status, {"faultcode": code, "faultstring": text, "debuginfo": None})


def _of_pecan(status: int, description: str | None) -> Answer:
    title = "Found" if status == 302 else webob.title(status)
    return Answer.json(status, {"code": status, "title": title, "description": description})


def _argument(context: RequestContext) -> str:
    """What the controller of a path calls the body."""
    parts = context.path.strip("/").split("/")
    return _ARGUMENTS.get("members" if "members" in parts else parts[1] if len(parts) > 1 else "", "body")


def _is_text(context: RequestContext) -> bool:
    return context.verb in ("POST", "PUT") and _TEXTS.fullmatch(context.path) is not None


def _validates(path: str) -> bool:
    return path.rstrip("/").endswith("/validate")


def _fields(value: str) -> list[str]:
    """Names with commas between them; the id is always one."""
    found = list(dict.fromkeys(one.strip().lower() for one in value.split(",") if one.strip()))
    return found if not found or "id" in found else ["id", *found]


def _filter(value: str) -> str:
    operator = value.partition(":")[0]
    known = ("eq", "neq", "gt", "gte", "lt", "lte", "has", "in", "nin")
    if ":" in value and operator in known:
        return f"{operator}:{value.partition(':')[2].split(',')}" if operator in ("in", "nin") else value
    return f"eq:{value}"
