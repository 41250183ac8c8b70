"""The OpenAPI document: valid, whole, and what clients really get."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.contract import contract
from mopenstack.contract.faults import (
    BASES,
    BadRequest,
    Fault,
    Forbidden,
    InvalidField,
    NotFound,
    PolicyRefused,
    Unauthorized,
)
from mopenstack.contract.operations import Operation, field_rules
from mopenstack.contract.refusals import refusals
from mopenstack.contract.service import every
from mopenstack.gateway.answers.declared import Declared
from mopenstack.gateway.dialects.base import TooLarge
from mopenstack.gateway.openapi import document
from mopenstack.gateway.schema_paths import method_key
from mopenstack.gateway.surface import dialect_of
from tests.conftest import Cloud, User

_VARIABLE = re.compile(r"\{[^}]*\}")


@cache
def _document() -> Any:
    return json.loads(document(contract(every())))


@cache
def _paths() -> dict[str, Any]:
    """Path without the names of its variables -> item."""
    return {_VARIABLE.sub("{}", path): item for path, item in _document()["paths"].items()}


def _items(operation: Operation) -> list[Any]:
    """Where an operation stands: one a route."""
    places = [(_VARIABLE.sub("{}", operation.api.prefix + route.path), route.verb) for route in operation.routes]
    return [_paths()[path][method_key(verb)] for path, verb in places]


def _resolved(found: Any) -> Any:
    """A component, where there is a reference to one."""
    while "$ref" in found:
        _, _, kind, name = found["$ref"].split("/")
        found = _document()["components"][kind][name]
    return found


def _errors(schema: Any, value: Any) -> list[str]:
    shared = {"components": {"schemas": _document()["components"]["schemas"]}} if "$ref" in json.dumps(schema) else {}
    return [error.message for error in jsonschema_rs.Draft202012Validator({**schema, **shared}).iter_errors(value)]


def test_the_document_is_valid() -> None:
    assert [str(error)[:500] for error in OpenAPIV31SpecValidator(_document()).iter_errors()] == []


def test_everything_declared_is_in_it() -> None:
    """Each route, action, status, outcome and refusal; each with the comment of its RPC."""
    sources = contract(every()).sources
    for operation in contract(every()).operations:
        options = operation.options
        for item in _items(operation):
            (note,) = [one for one in item["x-mopenstack-operations"] if one["rpc"] == operation.name]
            assert note.get("refusals", []) == list(options.refusals)
            assert note.get("outcomes", {}) == {one.name: one.status for one in options.outcomes}
            statuses = {status for _, status in operation.statuses} | {one.status for one in options.outcomes}
            assert {str(status) for status in statuses} <= item["responses"].keys(), operation.name
            comment = " ".join(sources.comment(operation.name).split())
            assert comment in " ".join(item["description"].split()), operation.name
            assert item["summary"]
            if options.action:
                assert f'"{options.action}"' in json.dumps(item["requestBody"])
            for outcome in options.outcomes:
                assert f"`{outcome.name}`" in item["responses"][str(outcome.status)]["description"]
            for name in filter(None, (*options.refusals, options.absent, options.refuses)):
                assert any(f"`{name}`" in _resolved(one)["description"] for one in item["responses"].values()), name


def test_errors_follow_from_the_declaration() -> None:
    for operation in contract(every()).operations:
        for item in _items(operation):
            statuses = item["responses"].keys()
            assert "default" in statuses
            if not operation.anonymous:
                assert "401" in statuses, operation.name
            if operation.options.target:
                assert "404" in statuses, operation.name
            if operation.options.transition or operation.options.guard:
                wrong_state = dialect_of(contract(every()), operation.package).wrong_state
                assert str(wrong_state) in statuses, operation.name


def test_headers_are_in_it() -> None:
    for operation in contract(every()).operations:
        for item in _items(operation):
            given = {_resolved(one)["name"] for one in item.get("parameters", ())}
            fields = [field_rules(field) for field in operation.request.DESCRIPTOR.fields]
            assert {rules.header for rules in fields if rules.header} <= given
            if operation.api.microversion_max:
                assert {"OpenStack-API-Version", "X-OpenStack-Manila-API-Version"} & given
            for _, status in operation.statuses if operation.options.location else ():
                assert "Location" in item["responses"][str(status)]["headers"], operation.name


def test_references_and_ids() -> None:
    """Each component is used, each id is there once, no path stands twice."""
    shown = _document()
    found = set(re.findall(r'"#/components/(\w+/[^"]+)"', json.dumps(shown)))
    kinds = {kind: parts for kind, parts in shown["components"].items() if kind != "securitySchemes"}
    assert found == {f"{kind}/{name}" for kind, parts in kinds.items() for name in parts}
    operations = [one for item in shown["paths"].values() for verb, one in item.items() if isinstance(one, dict)]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    assert len(_paths()) == len(shown["paths"])
    tags = {tag["name"] for tag in shown["tags"]}
    assert tags == {tag for one in operations for tag in one["tags"]}


def test_messages_as_they_travel() -> None:
    """Requests have what a client may give, answers what it is shown, each under its wire key."""
    schemas = _document()["components"]["schemas"]
    network = schemas["network.v2.Network"]
    assert network["description"].startswith("A network: an isolated virtual layer 2 broadcast domain")
    assert network["properties"]["mtu"]["type"] == "integer"
    assert network["properties"]["tenant_id"]["description"] == "The same as `project_id`."
    assert "status" in network["properties"]
    created = schemas["network.v2.Network.create"]
    assert "status" not in created["properties"]
    assert created["additionalProperties"] is False
    assert created["properties"]["admin_state_up"]["default"] is True
    assert schemas["network.v2.Port.create"]["required"] == ["network_id"]
    assert "required" not in schemas["network.v2.Port.update"]
    body = _document()["paths"]["/compute/v2.1/servers/{server_id}/action"]["post"]["requestBody"]
    assert body["required"] is True
    stops = [one for one in body["content"]["application/json"]["schema"]["anyOf"] if "os-stop" in one["properties"]]
    assert [one["required"] for one in stops] == [["os-stop"]]
    assert stops[0]["title"] == "StopServer"


def test_parameters_of_lists() -> None:
    """Filters and sort keys are those of the resource's fields; pages are those of the dialect."""
    parameters = {one["name"]: one for one in _document()["paths"]["/network/v2.0/networks"]["get"]["parameters"]}
    assert parameters["admin_state_up"]["schema"] == {"type": "boolean"}
    assert "name" in parameters["sort_key"]["schema"]["enum"]
    assert {"limit", "marker", "page_reverse", "fields"} <= parameters.keys()
    volumes = {_resolved(one)["name"] for one in _document()["paths"]["/volume/v3/volumes"]["get"]["parameters"]}
    assert {"limit", "marker", "offset", "sort"} <= volumes
    assert "page_reverse" not in volumes


def test_the_optional_project_is_told() -> None:
    item = _document()["paths"]["/volume/v3/volumes"]
    assert item["description"] == "Also `/volume/v3/{project_id}/volumes`, with the project of the token."
    assert item["x-mopenstack-optional-prefix"] == "/{project_id}"


@pytest.mark.parametrize("package", contract(every()).apis)
def test_refusals_look_as_their_schema_says(package: str) -> None:
    """Every base class and every refusal of the package, rendered by its dialect."""
    dialect = dialect_of(contract(every()), package)
    api = contract(every()).apis[package]
    context = RequestContext(
        request_id="req-1", verb="POST", path="/x", api_url=f"http://h{api.prefix}", accept="application/json"
    )
    faults: list[Fault] = [cls("text") for cls in (*BASES.values(), BadRequest, Unauthorized, Forbidden, NotFound)]
    faults += [PolicyRefused(["a:rule"]), TooLarge("text"), InvalidField(("a", "b"), 1, "type", "string")]
    try:
        declared = vars(refusals(package)).values()
    except KeyError:
        declared = {}.values()
    kinds = [one for one in declared if isinstance(one, type) and issubclass(one, Fault)]
    faults += [_made(kind) for kind in kinds if kind.__name__ != "AuthReceipt"]
    for fault in faults:
        answer = dialect.error(fault, context)
        if not answer.body:
            continue
        body = json.loads(answer.body) if dialect.error_type == "application/json" else answer.body.decode()
        found = _errors(dialect.error_schema(answer.status), body)
        assert found == [], f"{fault!r}: {answer.body!r}"


def _made(kind: type[Fault]) -> Fault:
    fault = kind.__new__(kind)
    Fault.__init__(fault, "text")
    return fault


async def test_answers_are_as_it_says(demo: User) -> None:
    """Some of each service, successes and refusals, against their schemas."""
    made = await demo.post("network", "/v2.0/networks", {"network": {"name": "n"}})
    id = made.ok(201)["network"]["id"]
    asked = [
        ("get", "network", "/v2.0/networks", "/v2.0/networks"),
        ("get", "network", "/v2.0/networks/{network_id}", f"/v2.0/networks/{id}"),
        ("get", "network", "/v2.0/networks/{network_id}", "/v2.0/networks/nope"),
        ("get", "compute", "/v2.1/flavors/detail", "/v2.1/flavors/detail"),
        ("get", "compute", "/v2.1/servers/{server_id}", "/v2.1/servers/nope"),
        ("get", "compute", "/v2.1/servers/detail", "/v2.1/servers/detail?limit=x"),
        ("get", "image", "/v2/images", "/v2/images?limit=1"),
        ("get", "image", "/v2/images/{image_id}", "/v2/images/nope"),
        ("get", "volume", "/v3/types", "/v3/types"),
        ("get", "volume", "/v3/volumes/{volume_id}", "/v3/volumes/nope"),
        ("get", "identity", "/v3/projects", "/v3/projects"),
        ("get", "identity", "/v3/auth/projects", "/v3/auth/projects"),
        ("get", "placement", "/resource_providers", "/resource_providers"),
    ]
    for verb, api, template, path in asked:
        reply = await demo.get(api, path)
        item = _paths()[_VARIABLE.sub("{}", f"/{api}{template}")][verb]
        response = _resolved(item["responses"].get(str(reply.status)) or item["responses"]["default"])
        assert _errors(response["content"]["application/json"]["schema"], reply.body) == [], path


def test_answers_are_held_against_it() -> None:
    """What `--check-answers` says of answers that are not as declared."""
    declared = Declared(contract(every()))
    networks = ("GET", "/network/v2.0/networks")
    assert declared.errors(*networks, 200, {"networks": [{"name": "n", "mtu": 1500}]}) == []
    assert declared.errors(*networks, 200, {"networks": [{"mtu": "1500"}]}) == [
        ("networks.0.mtu", '"1500" is not of type "integer"')
    ]
    assert declared.errors(*networks, 299, {}) == [("(the status)", "299 is not declared")]
    path = "/network/v2.0/networks/{network_id}"
    assert declared.errors("DELETE", path, 204, {}) == [("(the document)", "no body was expected")]


async def test_it_is_served(cloud: Cloud) -> None:
    root = User(cloud.session, cloud.serving.url)
    assert (await root.get("_mopenstack", "/openapi.json")).ok(200) == _document()


def test_a_start_does_without_it() -> None:
    """Neither the document's modules nor the contract's comments are read before someone asks."""
    code = (
        "import sys\n"
        "from mopenstack.contract.contract import contract\n"
        "from mopenstack.gateway.app import App\n"
        "from mopenstack.core.engine.server import create_server\n"
        "from mopenstack.gateway.remote import RemoteCore\n"
        "App(RemoteCore('127.0.0.1:1', contract()), contract())\n"
        "assert 'mopenstack.gateway.openapi' not in sys.modules\n"
        "assert 'sources' not in vars(contract()) or 'files' not in vars(contract().sources)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
