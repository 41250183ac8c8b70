"""Placement's dialect.

Sources: placement/util.py, placement/handler.py, placement/fault_wrap.py, microversion_parse.middleware, and
webob.exc, whose templates the refusals are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Any, ClassVar

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.patterns import exact
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects import microversion_parse, webob
from mopenstack.gateway.dialects.base import MALFORMED, NO_RESOURCE, Answer, Dialect, NotAcceptable, WrongVersion
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import TEXT, Schema, array, const, shape

ERROR_CODES_SINCE = 23
CACHED_SINCE = 15
_UNDEFINED = "placement.undefined_code"
_JSON = "application/json"
_EXPLANATIONS: Mapping[int, str] = {
    400: MALFORMED,
    403: "Access was denied to this resource.",
    404: NO_RESOURCE,
    406: "The resource could not be generated that was acceptable to your browser\n(content of type {accept}. ",
    409: "There was a conflict when trying to complete your request.",
    413: "The body of your request was too large for this server.",
    500: "The server has either erred or is incapable of performing the requested operation.",
    501: "",
    503: "The server is currently unavailable. Please try again at a later time.",
}
_RULES: Mapping[str, str] = {
    "max_length": "maxLength",
    "min_length": "minLength",
    "max_items": "maxItems",
    "min_items": "minItems",
    "unique_items": "uniqueItems",
    "min_properties": "minProperties",
    "pattern_properties": "additionalProperties",
    "unknown": "additionalProperties",
    "one_of": "enum",
    "one_of_schemas": "anyOf",
}
"""Rules as JSON Schema calls them."""
_MAP_KEYS = ("^[0-9a-fA-F-]{36}$", "^[A-Z0-9_]+$")


class UnacceptableAnswer(Fault):
    code = "INVALID_ARGUMENT"
    message = "Only application/json is provided"


class WrongContentType(BadRequest):
    message = "The media type {content_type} is not supported, use application/json"


class PlacementDialect(Dialect):
    reserved = frozenset()
    exact_paths = True
    statuses: ClassVar[Mapping[str, int]] = {
        "UnacceptableAnswer": 406,
        "WrongContentType": 415,
        "NotAcceptable": 406,
        "BadVersion": 400,
    }

    sentences: ClassVar[Mapping[int, str]] = dict.fromkeys(_EXPLANATIONS, "")
    """The explanation says it."""

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, WrongVersion):
            # Clearing all inventories is the one operation whose absence is a 405 instead of a 404.
            if context.verb == "DELETE" and context.path.endswith("/inventories"):
                return self._error(405, _bad_verb(context), "", fault, context)
            return self._error(404, NO_RESOURCE, "", fault, context)
        status = self.status(fault)
        explanation = _EXPLANATIONS.get(status, "")
        if isinstance(fault, WrongContentType):
            word = fault.facts["content_type"]
            explanation = f"The request media type {word} is not supported by this server.\n"
        detail = self._invalid(fault, context) if isinstance(fault, InvalidField) else self.text(fault)
        return self._error(status, explanation, detail, fault, context)

    def refusal_schema(self, status: int) -> Schema:
        error = {"status": const(status), "title": TEXT, "detail": TEXT, "request_id": TEXT}
        later = {"code": TEXT, "max_version": TEXT, "min_version": TEXT}
        return shape({"errors": array(shape(error, later))})

    def refused(self, fault: PolicyRefused) -> str:
        return f"Policy does not allow {fault.rules[0]} to be performed."

    @staticmethod
    def _invalid(fault: InvalidField, context: RequestContext) -> str:
        """jsonschema's sentence and the place; the service prints the schema and the instance behind it."""
        if fault.rule == "json":
            return f"Malformed JSON: {fault.bound}"
        if fault.rule == "type" and not fault.path and fault.value is None:
            return "Malformed JSON: Expecting value: line 1 column 1 (char 0)"
        query = context.verb in ("GET", "HEAD")
        what = "Invalid query string parameters" if query else "JSON does not validate"
        whole = fault.path[:-1] if fault.rule == "required" else fault.path
        where = "".join(map(_schema_step, whole))
        rule = _RULES.get(fault.rule, fault.rule)
        return f"{what}: {_sentence(fault)}\n\nFailed validating {rule!r} in schema{where}"

    def _error(
        self, status: int, explanation: str, detail: str, fault: Fault | None, context: RequestContext
    ) -> Answer:
        """webob's answer, whose JSON has a text without markup; who takes anything gets JSON."""

        def document(text: str) -> dict[str, Any]:
            body: dict[str, Any] = {
                "status": status,
                "title": webob.title(status),
                "detail": webob.without_markup(text),
            }
            if context.microversion >= ERROR_CODES_SINCE:
                body["code"] = fault.facts.get("error_code", _UNDEFINED) if fault is not None else _UNDEFINED
            body["request_id"] = context.request_id
            if isinstance(fault, NotAcceptable):
                body["max_version"], body["min_version"] = self.api.microversion_max, self.api.microversion_min
            return {"errors": [body]}

        accept = _accept(context.accept)
        return webob.answer(accept, status, explanation.replace("{accept}", accept), detail, document=document)

    def no_route(self, context: RequestContext) -> Answer:
        return self._error(404, NO_RESOURCE, "", None, context)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        text = "The method specified is not allowed for this resource."
        answer = self._error(405, _bad_verb(context), text, None, context)
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def guarded(self, path: str) -> bool:
        return path not in ("", "/")

    def reads_body(self, context: RequestContext) -> bool:
        return not _bodiless(context)

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        verb, kind = context.verb, headers.get("Content-Type", "").partition(";")[0].strip()
        if not kind and headers.get("Content-Length", "0") != "0":
            raise BadRequest("content-type header required when content-length > 0")
        if verb == "GET":
            if not context.path.startswith("/traits/") and not webob.acceptable(
                _accept(headers.get("Accept", "")), (_JSON,)
            ):
                raise UnacceptableAnswer()
        elif verb in ("POST", "PUT") and kind != _JSON and not _bodiless(context):
            raise WrongContentType(content_type=kind or "None")

    # -- lists

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """Every parameter as it came, repetitions together: what they mean is the core's to say."""
        query = common.Query()
        found: dict[str, list[str]] = {}
        for key, value in pairs:
            found.setdefault(key, []).append(value)
        for key, values in found.items():
            query.filters.add(key=key, values=values)
        return query

    # -- microversions

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "placement", "")

    def _parse_version(self, text: str) -> int:
        return microversion_parse.parse(text, self.api.microversion_min.partition(".")[0], self.minimum, self.maximum)

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {"OpenStack-API-Version": f"placement 1.{microversion}", "Vary": "openstack-api-version"}

    # -- version document

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path not in ("", "/") or context.verb != "GET":
            return None
        version = {
            "id": f"v{self.api.microversion_min}",
            "max_version": self.api.microversion_max,
            "min_version": self.api.microversion_min,
            "status": "CURRENT",
            "links": [{"rel": "self", "href": ""}],
        }
        headers = {}
        if context.microversion >= CACHED_SINCE:
            headers = {"Cache-Control": "no-cache", "Last-Modified": formatdate(usegmt=True)}
        return Answer.json(200, {"versions": [version]}, headers)


def _sentence(fault: InvalidField) -> str:
    if fault.rule == "min_properties":
        return f"{fault.value!r} should be non-empty"
    if fault.rule == "pattern_properties":
        names, patterns = fault.bound
        verb = "does" if len(names) == 1 else "do"
        listed, known = (", ".join(repr(item) for item in sorted(items)) for items in (names, patterns))
        return f"{listed} {verb} not match any of the regexes: {known}"
    return jsonschema_sentence(fault)


def _schema_step(part: str | int) -> str:
    """How the schema names a step of a path: an item, a key of a map, or a property."""
    if isinstance(part, int):
        return "['items']"
    for pattern in _MAP_KEYS:
        if exact(pattern).search(part) is not None:
            return f"['patternProperties'][{pattern!r}]"
    return f"['properties'][{part!r}]"


def _bad_verb(context: RequestContext) -> str:
    return f"The method {context.verb} is not allowed for this resource. "


def _bodiless(context: RequestContext) -> bool:
    """PUTs that take no body: of a trait, and of a resource class since 1.7."""
    if context.verb != "PUT":
        return False
    return context.path.startswith("/traits/") or (
        context.path.startswith("/resource_classes/") and context.microversion >= 7
    )


def _accept(accept: str) -> str:
    """placement.requestlog: a client that takes anything takes JSON."""
    return accept if accept and accept != "*/*" else _JSON
