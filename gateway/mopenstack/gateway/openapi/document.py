"""The whole document: paths, tags and what they share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson

from mopenstack.contract.contract import Contract
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.openapi.answers import Refused, other, refusals, refused, successes
from mopenstack.gateway.openapi.bodies import hooked, request_body
from mopenstack.gateway.openapi.parameters import header_parameters, path_parameters, query_parameters
from mopenstack.gateway.openapi.schemas import Json, Schemas
from mopenstack.gateway.schema_paths import method_key
from mopenstack.gateway.surface import dialect_of

Sharing = list[tuple[Operation, tuple[str, ...]]]
"""The operations at one verb and path, with their own names of its variables."""

_VARIABLE = re.compile(r"\{([^}=]+)[^}]*\}")
_NAMED_MAX = 4
"""So many actions of a path are named in the summary."""
_ABOUT = (
    "A mock OpenStack cloud. Every operation is also an RPC of the same name over gRPC. Operations that share a verb "
    "and path (actions, and those that differ by microversion) are one here. A filter of a list that is given more "
    "than once matches any of its values."
)


@cache
def document(contract: Contract) -> bytes:
    """The document, rendered once."""
    return orjson.dumps(_Document(contract).whole())


class _Document:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = Schemas(contract)
        self._hooks = hooked(contract)
        self._dialects = {package: dialect_of(contract, package) for package in contract.apis}
        self._parameters: Json = {}
        self._headers: Json = {}
        self._shared_responses: dict[str, list[Json]] = {}

    def whole(self) -> Json:
        paths: dict[str, Json] = {}
        for places in _by_path(self._contract).values():
            path, item = self._path(places)
            paths[path] = item
        return {
            "openapi": "3.1.0",
            "info": {"title": "mopenstack", "version": version("mopenstack"), "description": _ABOUT},
            "servers": [{"url": "/"}, {"url": "/cloud/{cloud}", "variables": {"cloud": {"default": "default"}}}],
            "tags": self._tags(),
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": self._schemas.used([paths, self._shared_responses]),
                "responses": {
                    f"{name}.{number}": response
                    for name, same in sorted(self._shared_responses.items())
                    for number, response in enumerate(same, 1)
                },
                "parameters": self._parameters,
                "headers": self._headers,
                "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            },
        }

    def _tags(self) -> list[Json]:
        """One a proto service, with the API that it belongs to."""
        found = {}
        for operation in self._contract.operations:
            if not operation.routes:
                continue
            about = f"{_api_text(operation.api)} {self._schemas.comment(operation.service)}".strip()
            found[_tag(operation)] = {"name": _tag(operation), "description": about}
        return list(found.values())

    def _path(self, places: Mapping[tuple[str, str], Sharing]) -> tuple[str, Json]:
        """A path and its item; the names of its variables are those of the first operation."""
        (_, path), sharing = next(iter(places.items()))
        operation, names = sharing[0]
        where = path.removeprefix(operation.api.prefix)
        everything = [one for found in places.values() for one in found]
        item: Json = {}
        if names:
            item["parameters"] = list(path_parameters(path, names, everything, self._schemas))
        if operation.api.optional_prefix:
            head, _, rest = where[1:].partition("/")
            longer = f"{operation.api.prefix}/{head}{operation.api.optional_prefix}/{rest}"
            item["description"] = f"Also `{longer}`, with the project of the token."
            item["x-mopenstack-optional-prefix"] = operation.api.optional_prefix
        for (verb, _), found in places.items():
            item[method_key(verb)] = self._operation(verb, path, found)
        return _VARIABLE.sub(r"{\1}", path), item

    def _operation(self, verb: str, path: str, sharing: Sharing) -> Json:
        first = sharing[0][0]
        dialect = self._dialects[first.package]
        item: Json = {
            "operationId": f"{first.name.removeprefix('mopenstack.')}.{verb.lower()}.{_literals(path)}",
            "tags": list(dict.fromkeys(_tag(operation) for operation, _ in sharing)),
            **self._texts(sharing),
            "x-mopenstack-operations": [_note(operation, path) for operation, _ in sharing],
        }
        parameters = self._operation_parameters(verb, sharing, dialect)
        if parameters:
            item["parameters"] = parameters
        if not all(operation.anonymous for operation, _ in sharing):
            item["security"] = [{"token": []}]
        if verb not in ("GET", "HEAD", "DELETE"):
            body = request_body(sharing, self._hooks, self._schemas)
            if body is not None:
                item["requestBody"] = body
        item["responses"] = self._responses(verb, sharing, dialect)
        return item

    def _texts(self, sharing: Sharing) -> Json:
        """Summary and description: the RPC's comment, or those of all that share the place."""
        comments = {operation: self._schemas.comment(operation.name) for operation, _ in sharing}
        if len(comments) == 1:
            (operation, comment), *_ = comments.items()
            return {"summary": _first_sentence(comment) or operation.method, "description": comment}
        names = list(dict.fromkeys(operation.action or operation.method for operation in comments))
        lines = [f"- {_label(operation)}: {' '.join(text.split())}" for operation, text in comments.items()]
        more = ", ..." if len(names) > _NAMED_MAX else ""
        return {"summary": ", ".join(names[:_NAMED_MAX]) + more, "description": "\n".join(lines)}

    def _operation_parameters(self, verb: str, sharing: Sharing, dialect: Dialect) -> list[Json]:
        found: dict[tuple[str, str], Json] = {}
        for operation, variables in sharing:
            query = query_parameters(operation, verb, variables, self._contract, dialect, self._schemas)
            for one in (*query, *header_parameters(operation, self._schemas)):
                found.setdefault((one["in"], one["name"]), one)
        if len(sharing) > 1:  # what one of them needs is nothing that another one has
            for one in found.values():
                one.pop("required", None)
        return [*found.values(), *self._microversion(sharing[0][0], dialect)]

    def _microversion(self, operation: Operation, dialect: Dialect) -> list[Json]:
        """References to the headers by which a client asks for a microversion."""
        if not operation.api.microversion_max:
            return []
        references = []
        for header, value in dialect.version_headers(dialect.maximum).items():
            if header != "Vary":
                name = f"{operation.api.type}.{header}"
                text = f"The microversion; without it {operation.api.microversion_min}."
                schema = {"type": "string", "examples": [value]}
                self._parameters[name] = {"name": header, "in": "header", "description": text, "schema": schema}
                references.append({"$ref": f"#/components/parameters/{name}"})
        return references

    def _responses(self, verb: str, sharing: Sharing, dialect: Dialect) -> Json:
        responses: Json = {}
        errors: dict[int, list[Refused]] = {}
        for operation, variables in sharing:
            for status, response in successes(operation, dialect, self._schemas):
                _merge(responses.setdefault(str(status), {"description": ""}), response)
            for one in refusals(operation, verb, variables, self._contract, dialect):
                errors.setdefault(one.status, []).append(one)
        successful = set(responses)
        service = self._contract.service_of(sharing[0][0].package).name
        for status, found in sorted(errors.items()):
            responses[str(status)] = refused(found, service, self._schemas, dialect)
        responses["default"] = other(service, self._schemas, dialect)
        headers = self._answer_headers(sharing[0][0], dialect)
        for response in responses.values():
            response.setdefault("headers", {}).update(headers)
        return {
            status: response if status in successful else self._shared(f"{service}.{status}", response)
            for status, response in responses.items()
        }

    def _shared(self, name: str, response: Json) -> Json:
        """A reference to a response of which each text is there once."""
        same = self._shared_responses.setdefault(name, [])
        if response not in same:
            same.append(response)
        return {"$ref": f"#/components/responses/{name}.{same.index(response) + 1}"}

    def _answer_headers(self, operation: Operation, dialect: Dialect) -> Json:
        """The headers of each answer of an API: the request's id, and the microversion that was answered with."""
        texts = dict.fromkeys(dialect.request_id_headers, "The id of the request.")
        if operation.api.microversion_max:
            names = (name for name in dialect.version_headers(dialect.maximum) if name != "Vary")
            texts |= dict.fromkeys(names, "The microversion of the answer.")
        found = {}
        for name, text in texts.items():
            self._headers[f"{operation.api.type}.{name}"] = {"description": text, "schema": {"type": "string"}}
            found[name] = {"$ref": f"#/components/headers/{operation.api.type}.{name}"}
        return found


def _by_path(contract: Contract) -> dict[str, dict[tuple[str, str], Sharing]]:
    """Path without its variables' names -> (verb, path as the first one calls it) -> operations."""
    found: dict[str, dict[tuple[str, str], Sharing]] = {}
    for operation in contract.operations:
        for route in operation.routes:
            path = operation.api.prefix + route.path
            places = found.setdefault(_VARIABLE.sub("{}", path), {})
            named = next((name for _, name in places), path)
            places.setdefault((route.verb, named), []).append((operation, tuple(_VARIABLE.findall(path))))
    return found


def _merge(known: Json, response: Json) -> None:
    """Add another success of the same status."""
    text = response["description"]
    if text not in known["description"].split("\n"):
        known["description"] = f"{known['description']}\n{text}".strip()
    for name, header in response.get("headers", {}).items():
        known.setdefault("headers", {}).setdefault(name, header)
    for kind, answer in response.get("content", {}).items():
        others = known.setdefault("content", {}).setdefault(kind, answer)
        if answer["schema"] != others["schema"] and answer["schema"] not in others["schema"].get("anyOf", ()):
            either = others["schema"].get("anyOf", [others["schema"]])
            known["content"][kind] = {"schema": {"anyOf": [*either, answer["schema"]]}}


def _note(operation: Operation, path: str) -> Json:
    options = operation.options
    places = {_VARIABLE.sub("{}", operation.api.prefix + place.path): place.since for place in options.paths}
    since = places.get(_VARIABLE.sub("{}", path), options.since)
    note: dict[str, Any] = {"rpc": operation.name, "action": options.action}
    note |= {"policy": options.policy.name, "check": options.policy.check}
    note |= {"since": since, "until": options.until, "refusals": list(options.refusals)}
    note["outcomes"] = {outcome.name: outcome.status for outcome in options.outcomes}
    return {key: value for key, value in note.items() if value}


def _label(operation: Operation) -> str:
    options = operation.options
    when = [f"since {options.since}"] if options.since else []
    when += [f"until {options.until}"] if options.until else []
    name = f"`{options.action}`" if options.action else operation.method
    return f"{name} ({', '.join(when)})" if when else name


def _tag(operation: Operation) -> str:
    return (
        f"{operation.api.name or operation.package.removeprefix('mopenstack.')} {operation.service.rpartition('.')[2]}"
    )


def _api_text(api: annotations_pb2.Api) -> str:
    versions = f", microversions {api.microversion_min} to {api.microversion_max}" if api.microversion_max else ""
    return f"{api.type} at `{api.prefix}`{versions}." if api.type else f"At `{api.prefix}`."


def _literals(path: str) -> str:
    """What tells the paths of one operation apart."""
    return "_".join("" if part.startswith("{") else part for part in path.split("/")[1:])


def _first_sentence(comment: str) -> str:
    text = " ".join(comment.split("\n\n", 1)[0].split())
    found = re.match(r"(.+?)\.(?= [A-Z]|\Z)", text)
    return found.group(1) if found else text
