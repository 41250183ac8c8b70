"""What every dialect has to say, with the answers that most services share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, NotFound, PolicyRefused
from mopenstack.contract.operations import LATEST, Operation, minor
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.answer import Answer as Answer
from mopenstack.gateway.dialects.asked_versions import VERSION, asked_of
from mopenstack.gateway.dialects.other_addresses import OtherAddresses
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import LINKS, TEXT, Schema, array, const, shape

INT32_MAX = 2**31 - 1
MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."
UNAUTHORIZED = "The request you have made requires authentication."
NO_RESOURCE = "The resource could not be found."

CODES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "FAILED_PRECONDITION": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 413,
    "OUT_OF_RANGE": 416,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
"""gRPC status code -> HTTP status, where neither the dialect nor the reason says otherwise."""

REASONS: Mapping[str, int] = {
    "Gone": 410,
    "PreconditionFailed": 412,
    "TooLarge": 413,
    "UnsupportedMediaType": 415,
    "NotAcceptable": 406,
    "MethodNotAllowed": 405,
}
"""Reason -> HTTP status, for reasons that gRPC has no code for."""


class TooLarge(Fault):
    code = "RESOURCE_EXHAUSTED"
    message = "Request is too large. Larger than max_request_body_size (%s)."


class NotAcceptable(Fault):
    code = "INVALID_ARGUMENT"
    message = "Version {version} is not supported by the API. Minimum is {minimum} and maximum is {maximum}."


class BadVersion(BadRequest):
    message = "API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum."


class WrongVersion(NotFound):
    message = "API version '{version}' is not supported on this method."


class UnsupportedMediaType(BadRequest):
    message = "Unsupported Content-Type"


class NoSuchAction(BadRequest):
    message = "There is no such action: {action}. Verify the request body and Content-Type header and try again."


class Dialect(OtherAddresses):
    """The common ground; a service overrides what it says otherwise."""

    body_bytes_max: ClassVar[int] = 114_688
    """oslo.middleware's max_request_body_size."""
    statuses: ClassVar[Mapping[str, int]] = {}
    """Reason or gRPC code -> HTTP status, where it differs from the tables above."""
    reserved: ClassVar[frozenset[str]] = frozenset({"limit", "marker", "sort_key", "sort_dir"})
    """Query keys of lists that are no filters."""
    mixed_sorting: ClassVar[str] = ""
    """The refusal of `sort` beside `sort_key` or `sort_dir`; empty: a list takes both."""
    zero_is_zero: ClassVar[bool] = False
    """Whether limit=0 asks for an empty list; else for as many as the service allows."""
    json_only: ClassVar[bool] = False
    """Whether a body must say that it is JSON, if it says anything; no body is an empty object."""
    body_expected: ClassVar[bool] = False
    """Whether a request that may have a body must have one."""
    exact_paths: ClassVar[bool] = False
    """Whether a slash at the end makes another path, one that the service does not have."""
    collections_both_ways: ClassVar[bool] = False
    """Whether the names of collections in paths may have hyphens for underscores, and underscores for hyphens."""
    format_suffix: ClassVar[str] = ""
    """What a path may end with without meaning anything else: the format of the answer."""
    bare_objects: ClassVar[bool] = False
    """Whether the answer that shows an object is the object, so that `fields` names its keys."""
    request_id_headers: ClassVar[tuple[str, ...]] = ("X-Openstack-Request-Id",)
    """The headers that tell a request's id."""
    wrong_state: ClassVar[int] = 409
    """HTTP status of an operation that the state of its target does not allow."""
    sorts_query: ClassVar[bool] = False
    """Whether the address of the next page has its parameters in alphabetical order."""
    healthy: ClassVar[tuple[str, ...] | None] = None
    """The reasons that `/healthcheck` gives for being well (oslo.middleware); None: the service has no such path."""
    document_verbs: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD", "OPTIONS"})
    """With which a version document is asked for."""
    own_unauthorized: ClassVar[Schema | None] = None
    """The body of the service's own refusals with status 401, where it has any beside those of keystonemiddleware."""
    project_required: ClassVar[bool] = False
    """Whether a path without the project of the API's `optional_prefix` is one that the service does not have."""
    other_places: Mapping[str, str] = MappingProxyType({})
    """Prefix of other paths that are the API's -> what stands for it in the API's own paths."""
    notes: ClassVar[bool] = False
    """Whether `note` is told of each answer."""
    project_pattern: ClassVar[re.Pattern[str]] = re.compile(r"[0-9a-f-]+")
    """What the project in a path looks like, where the API's `optional_prefix` lets it stand there."""

    release: str = ""
    """The release of the clouds that it is for; empty: all that is served."""

    def __init__(self, api: annotations_pb2.Api, auth_prefix: str = "") -> None:
        """`auth_prefix` is the path prefix of the API that issues tokens."""
        self.api = api
        self.auth_prefix = auth_prefix
        self.minimum = minor(api.microversion_min, 0)
        self.maximum = minor(api.microversion_max, LATEST)

    def route(self, path: str) -> str:
        """The path by which the contract knows a path, where the service has it at more places than one."""
        return path

    body_types: ClassVar[tuple[str, ...]] = ()
    """The types that a body may say to be, "" where it says none; empty: what it says is not looked at."""

    def check_body_type(self, content_type: str) -> None:
        """Refuse a body of a type that the service does not read."""
        if self.body_types and content_type.partition(";")[0].strip().lower() not in self.body_types:
            raise UnsupportedMediaType()

    def request_id(self, id: str) -> str:
        """How the service writes a request's id, out of `req-` and a UUID."""
        return id

    # -- refusals

    def status(self, fault: Fault) -> int:
        """The HTTP status of a refusal."""
        if isinstance(fault, InjectedFault):
            return fault.status
        for table in (self.statuses, REASONS):
            if fault.reason in table:
                return table[fault.reason]
        return self.statuses.get(fault.code, CODES.get(fault.code, 500))

    sentences: ClassVar[Mapping[int, str]] = {}
    """What the service says with a status when it says nothing in particular, where that is not webob's sentence."""

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        """What the service answers where a fault rule fails a call, with the words of the rule if it has any."""
        fault.text = fault.text or self.sentences.get(fault.status, webob.EXPLANATIONS.get(fault.status, ""))
        return self.error(fault, context)

    def text(self, fault: Fault) -> str:
        """The refusal's message; the core's own but for what only a dialect can word."""
        if isinstance(fault, InvalidField):
            return self.invalid(fault)
        if isinstance(fault, PolicyRefused):
            return self.refused(fault)
        return fault.text

    def invalid(self, fault: InvalidField) -> str:
        """How a broken field is named: jsonschema's sentence behind the field's name and value."""
        if fault.rule == "json":
            return "Malformed request body"
        sentence = jsonschema_sentence(fault)
        if not fault.path:
            return sentence
        return f"Invalid input for field/attribute {fault.path[-1]}. Value: {fault.value}. {sentence}"

    def refused(self, fault: PolicyRefused) -> str:
        return f"Policy doesn't allow {fault.rules[0]} to be performed."

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        """A refusal as this service answers it.

        Source: the API SIG's guideline on errors, for services that have no dialect of their own.
        """
        status = self.status(fault)
        error = {
            "status": status,
            "code": f"{self.api.type}.{fault.error_reason.lower()}",
            "title": HTTPStatus(status).phrase,
            "detail": self.text(fault),
            "request_id": context.request_id,
        }
        return Answer.json(status, {"errors": [error]})

    error_type: ClassVar[str] = "application/json"
    """The media type of the refusals' bodies; those of others than JSON are texts."""

    def error_schema(self, status: int) -> Schema:
        """The JSON Schema of the body of refusals with a status, for the OpenAPI document."""
        if status != 401:
            return self.refusal_schema(status)
        schema = shape({"error": shape({"code": const(401), "title": TEXT, "message": TEXT})})
        return schema if self.own_unauthorized is None else {"anyOf": [schema, self.own_unauthorized]}

    def refusal_schema(self, status: int) -> Schema:
        """The JSON Schema of `error`'s body, where the status is not 401."""
        error = {"status": const(status), "code": TEXT, "title": TEXT, "detail": TEXT, "request_id": TEXT}
        return shape({"errors": array(shape(error))})

    def unauthorized(self, context: RequestContext) -> Answer:
        """keystonemiddleware's answer to a missing or bad token, the same in most services."""
        document = {"error": {"code": 401, "title": "Unauthorized", "message": UNAUTHORIZED}}
        return Answer.json(401, document, {"WWW-Authenticate": self.challenge(context)})

    def challenge(self, context: RequestContext) -> str:
        """The WWW-Authenticate header: where a token is to be had; `auth_prefix` may be the URL of another cloud's."""
        cloud_url = "" if "://" in self.auth_prefix else context.api_url.removesuffix(self.api.prefix)
        return f'Keystone uri="{cloud_url}{self.auth_prefix}"'

    def no_route(self, context: RequestContext) -> Answer:
        """A path that this service does not have."""
        return webob.answer(context.accept, 404, NO_RESOURCE)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        """A path that the service has with other verbs; webob's answer."""
        answer = webob.answer(context.accept, 405, f"The method {context.verb} is not allowed for this resource. ")
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def target_first(self, fault: Exception, operation: Operation) -> bool:
        """Whether this fault of a body is found behind target (404) and policy (403); `body_last`: every one is."""
        return False

    def too_large(self, fault: TooLarge, context: RequestContext) -> Answer:
        """oslo.middleware's refusal of a long body, which it leaves to webob."""
        return webob.answer(context.accept, 413, fault.text)

    def guarded(self, path: str) -> bool:
        """Whether a token is asked for before the service says that it has no such path."""
        return path[1:2] == "v" and path[2:3].isdecimal()

    def reads_body(self, context: RequestContext) -> bool:
        """Whether the service looks at the body of this request at all."""
        return True

    def needs_nothing(self, context: RequestContext) -> bool:
        """Whether no body, or a null, stands for an empty object in this request."""
        return False

    def unwanted_body(self, operation: Operation) -> None:
        """Refuse the body of a request whose operation has no use for one."""

    def read_json(self, body: bytes) -> Any:
        """The JSON of a body; raises the refusal of one that is none."""
        return decode_json(body)

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        """Refuse a request for what its headers say of its body, or of the answer they take."""

    def written(self, answer: Answer, context: RequestContext) -> Answer:
        """An answer of success in the format that the request asks for."""
        return answer

    def other_token(self, headers: Mapping[str, str]) -> str:
        """The token of a request without X-Auth-Token, where the service takes it from elsewhere."""
        return ""

    def note(self, context: RequestContext, status: int, body: Any) -> None:
        """Write down that a request was answered; `body` is bytes, or something else for a stream."""

    # -- microversions

    def microversion(self, headers: Mapping[str, str]) -> int:
        """The asked-for microversion's number; raises BadVersion and NotAcceptable."""
        return self.maximum

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {}

    def _parse_version(self, text: str) -> int:
        if text == "latest":
            return self.maximum
        if (read := VERSION.fullmatch(text)) is None:
            raise BadVersion(version=text)
        major, number = read[1], int(read[2])
        if major != self.api.microversion_min.partition(".")[0] or not self.minimum <= number <= self.maximum:
            raise NotAcceptable(version=text, minimum=self.api.microversion_min, maximum=self.api.microversion_max)
        return number

    def _from_headers(self, headers: Mapping[str, str], word: str, legacy: str) -> int:
        asked = headers.get("OpenStack-API-Version")
        if asked and (version := asked_of(word, asked)):
            return self._parse_version(version)
        return self._parse_version(headers[legacy].strip()) if legacy and legacy in headers else self.minimum

    # -- lists

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """A list's query string; raises InvalidField for a bad limit."""
        pairs = list(pairs)
        named = {key for key, _ in pairs}
        if self.mixed_sorting and "sort" in named and named & {"sort_key", "sort_dir"}:
            raise BadRequest(self.mixed_sorting)
        query = common.Query()
        keys: list[str] = []
        directions: list[str] = []
        filters: dict[str, list[str]] = {}
        for key, value in pairs:
            if key == "limit":
                query.limit = min(self.limit(value), INT32_MAX)
                query.nothing = self.zero_is_zero and query.limit == 0
            elif key == "marker":
                query.marker = value
            elif key == "offset" and "offset" in self.reserved:
                query.offset = min(self.limit(value, key), INT32_MAX)
            elif key == "page_reverse" and "page_reverse" in self.reserved:
                query.page_reverse = value.lower() == "true"
            elif key == "fields" and "fields" in self.reserved:
                query.fields.append(value)
            elif key == "sort_key":
                keys.append(value)
            elif key == "sort_dir":
                directions.append(value)
            elif key == "sort" and "sort" in self.reserved:
                for part in value.split(","):
                    name, _, direction = part.partition(":")
                    keys.append(name)
                    directions.append(direction or "desc")
            elif key not in self.reserved:
                filters.setdefault(key, []).append(value)
        self.sorting(query, keys, directions)
        for key, values in filters.items():
            query.filters.add(key=key, values=values)
        return query

    def limit(self, value: str, key: str = "limit") -> int:
        if not value.isdecimal() or len(value) > 9:
            raise InvalidField((key,), value, "pattern", "^[0-9]*$")
        return int(value)

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        """sort_key and sort_dir in pairs; the last direction holds for the keys that have none."""
        for place, key in enumerate(keys):
            direction = directions[place] if place < len(directions) else (directions[-1] if directions else "desc")
            query.sort.add(key=key, descending=direction == "desc", by_default=not directions)

    def fields(self, context: RequestContext) -> list[str]:
        """The keys that alone are in the answer that shows one object; none: all of them."""
        return [value for key, value in context.pairs if key == "fields"] if "fields" in self.reserved else []

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        """What stands beside the list: how it goes on."""
        if not page.next_marker:
            return {}
        return {f"{self.links_key(key)}_links": [{"rel": "next", "href": self.url(context, page.next_marker)}]}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        """Key -> JSON Schema of what may stand beside the list of this key."""
        return {f"{self.links_key(key)}_links": LINKS}

    def links_key(self, key: str) -> str:
        return key

    def url(self, context: RequestContext, marker: str, **other: str) -> str:
        """This request's own address with another marker."""
        pairs = sorted(context.pairs) if self.sorts_query else context.pairs
        kept = [(key, value) for key, value in pairs if key not in ("marker", *other)]
        kept += [*other.items(), *([("marker", marker)] if marker else [])]
        return f"{context.api_url}{context.path}" + (f"?{urlencode(kept)}" if kept else "")

    # -- version documents

    def any_document(self, context: RequestContext) -> Answer | None:
        """What is answered outside of the operations: how the service is, or a version document."""
        if context.path == "/healthcheck" and self.healthy is not None:
            return Answer.json(200, {"detailed": False, "reasons": list(self.healthy)})
        return self.document(context.path, context)

    def document(self, path: str, context: RequestContext) -> Answer | None:
        """The version document at a path (without the API's prefix), or None where there is none."""
        return None

    def document_needs_token(self, path: str) -> bool:
        return False
