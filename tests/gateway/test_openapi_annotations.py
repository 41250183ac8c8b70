"""Annotations that no service of this distribution uses yet, as the OpenAPI document shows them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mopenstack.contract.contract import Contract
from mopenstack.contract.refusals import refusals
from mopenstack.contract.service import Service
from mopenstack.gateway.openapi import document

PROTO = """
syntax = "proto3";
package depot.shelves.v1;
import "google/api/annotations.proto";
import "mopenstack/contract/v1/common.proto";
import "mopenstack/contract/v1/options.proto";

option (mopenstack.api) = {
  type: "depot" name: "shelves" prefix: "/depot" optional_prefix: "/{project_id}"
  microversion_min: "1.0" microversion_max: "1.7" unknown: UNKNOWN_REJECT
};

enum Refusal {
  REFUSAL_UNSPECIFIED = 0;
  SHELF_FULL = 1 [(mopenstack.refusal) = { code: FAILED_PRECONDITION text: "Shelf {id} is full." }];
  SHELF_GONE = 2 [(mopenstack.refusal) = { code: NOT_FOUND text: "Shelf {id} is gone." }];
}

// Boxes on shelves.
service Boxes {
  // Stores a box. It replaces one of the same name.
  rpc PutBox(PutBoxRequest) returns (BoxResponse) {
    option (google.api.http) = { put: "/v1/shelves/{shelf}/{box=**}" body: "*" };
    option (mopenstack.operation) = {
      status: 200 target: "shelf" guard: "store" location: "/v1/shelves/{shelf}/{box}"
      outcomes: { name: "created" status: 201 }
      refusals: "SHELF_FULL" refusals: "SHELF_GONE"
      policy: { name: "boxes:put" check: "role:member" }
    };
  }
  // Lists shelves.
  rpc ListShelves(ListShelvesRequest) returns (ShelvesResponse) {
    option (google.api.http) = { get: "/v1/shelves" };
    option (mopenstack.operation) = { since: "1.2" query: "colour" policy: { name: "shelves:list" check: "@" } };
  }
  // Creates a shelf.
  rpc CreateShelf(CreateShelfRequest) returns (ShelfResponse) {
    option (google.api.http) = { post: "/v1/shelves" body: "*" };
    option (mopenstack.operation) = { policy: { name: "shelves:create" check: "role:member" } };
  }
}

// A shelf.
message Shelf {
  option (mopenstack.resource) = { kind: "shelf" quota: "shelves" plural: "Shelves" };
  // How it is used.
  enum State {
    UNSPECIFIED = 0;
    FREE = 1;   // Boxes can be put on it.
    FULL = 2 [(mopenstack.wire) = "no-room"];
  }
  string id = 1 [(mopenstack.field) = { access: ACCESS_OUTPUT filterable: true }];
  State state = 2 [(mopenstack.field) = {
    access: ACCESS_OUTPUT filterable: true sortable: true default: "\\"FREE\\""
  }];
  int32 width = 3 [(mopenstack.field) = { required: true lenient: true minimum: { value: 1 } since: "1.3" }];
  string name = 4 [(mopenstack.field) = { required: true max_length: 10 nullable: true }];
  string secret = 5 [(mopenstack.field) = { access: ACCESS_INPUT }];
  string note = 6 [(mopenstack.field) = { only_in: { message: "ShelfResponse" } }];
}

message PutBoxRequest {
  string shelf = 1;
  string box = 2;
  map<string, string> metadata = 3 [(mopenstack.field) = { header_prefix: "X-Box-Meta-" }];
  string if_match = 4 [(mopenstack.field) = { header: "If-Match" }];
  string content = 5;
}
// The box as it is stored.
message BoxResponse {
  string content = 1;
  map<string, string> metadata = 2 [(mopenstack.field) = { header_prefix: "X-Box-Meta-" }];
  string etag = 3 [(mopenstack.field) = { header: "Etag" }];
}
message ListShelvesRequest { mopenstack.contract.v1.Query query = 1; }
message ShelvesResponse { repeated Shelf shelves = 1; mopenstack.contract.v1.PageInfo page = 2; }
message CreateShelfRequest { Shelf shelf = 1; }
message ShelfResponse { Shelf shelf = 1; }
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The document of a service that is there as source alone."""
    root = tmp_path_factory.mktemp("depot")
    folder = root / "depot" / "shelves" / "v1"
    folder.mkdir(parents=True)
    Path(folder, "shelves.proto").write_text(PROTO)
    sys.path.insert(0, str(root))
    try:
        contract = Contract([Service(name="depot", contract="depot.shelves.v1")])
        refusals("depot.shelves.v1")
        return json.loads(document(contract))
    finally:
        sys.path.remove(str(root))


def _response(shown: Any, operation: Any, status: str) -> Any:
    found = operation["responses"][status]
    return shown["components"]["responses"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def test_it_is_valid(shown: Any) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(shown).iter_errors()] == []


def test_comments_of_a_source_package(shown: Any) -> None:
    put = shown["paths"]["/depot/v1/shelves/{shelf}/{box}"]["put"]
    assert put["summary"] == "Stores a box"
    assert put["description"] == "Stores a box. It replaces one of the same name."
    assert put["responses"]["200"]["description"] == "The box as it is stored."
    assert put["responses"]["201"]["description"] == "`created`: The box as it is stored."
    (tag,) = shown["tags"]
    assert tag["description"] == "depot at `/depot`, microversions 1.0 to 1.7. Boxes on shelves."
    state = shown["components"]["schemas"]["depot.shelves.v1.Shelf-in-ShelfResponse"]["properties"]["state"]
    assert state == {
        "type": "string",
        "enum": ["free", "no-room"],
        "description": "How it is used.\n- `free`: Boxes can be put on it.",
    }


def test_paths_with_tails_and_an_optional_prefix(shown: Any) -> None:
    item = shown["paths"]["/depot/v1/shelves/{shelf}/{box}"]
    assert [one["name"] for one in item["parameters"]] == ["shelf", "box"]
    assert item["parameters"][1]["description"] == "The rest of the path, slashes included."
    assert item["x-mopenstack-optional-prefix"] == "/{project_id}"


def test_headers(shown: Any) -> None:
    put = shown["paths"]["/depot/v1/shelves/{shelf}/{box}"]["put"]
    parameters = {one.get("name"): one for one in put["parameters"]}
    assert parameters["If-Match"]["in"] == "header"
    assert parameters["X-Box-Meta-*"]["x-mopenstack-header-prefix"] == "X-Box-Meta-"
    assert {"Location", "Etag", "X-Box-Meta-*"} <= put["responses"]["201"]["headers"].keys()
    body = put["requestBody"]["content"]["application/json"]["schema"]
    assert body == {
        "type": "object",
        "properties": {"content": {"type": "string"}},
        "additionalProperties": False,
    }


def test_refusals(shown: Any) -> None:
    put = shown["paths"]["/depot/v1/shelves/{shelf}/{box}"]["put"]
    conflict = _response(shown, put, "409")
    assert conflict["description"] == (
        "The state of the target does not allow `store`.\n- `SHELF_FULL`: Shelf {id} is full."
    )
    assert "- `SHELF_GONE`: Shelf {id} is gone." in _response(shown, put, "404")["description"]
    assert {"400", "401", "403", "406", "412", "default"} <= put["responses"].keys()
    schema = shown["components"]["schemas"]["depot.error.409"]
    assert schema["properties"]["errors"]["items"]["properties"]["status"] == {"const": 409}
    assert "413" in shown["paths"]["/depot/v1/shelves"]["post"]["responses"], "a quota counts shelves"
    assert "403" not in shown["paths"]["/depot/v1/shelves"]["get"]["responses"], "everyone may list"


def test_requests_and_answers_differ(shown: Any) -> None:
    schemas = shown["components"]["schemas"]
    created = schemas["depot.shelves.v1.Shelf.create-in-CreateShelfRequest"]
    assert created["properties"].keys() == {"width", "name", "secret"}
    assert created["required"] == ["name"], "a width is there since 1.3 only"
    assert created["properties"]["width"]["type"] == ["integer", "string"]
    assert created["properties"]["name"] == {"type": ["string", "null"], "maxLength": 10}
    answer = schemas["depot.shelves.v1.Shelf-in-ShelfResponse"]["properties"]
    assert answer.keys() == {"id", "state", "width", "name", "note"}
    assert "note" not in schemas["depot.shelves.v1.Shelf-in-ShelvesResponse"]["properties"]


def test_parameters_of_a_list(shown: Any) -> None:
    listing = shown["paths"]["/depot/v1/shelves"]["get"]
    assert listing["x-mopenstack-operations"][0]["since"] == "1.2"
    parameters = {one.get("name"): one.get("schema") for one in listing["parameters"]}
    assert parameters["state"] == {"type": "string", "enum": ["free", "no-room"]}
    assert parameters["sort_key"] == {"type": "string", "enum": ["state"]}
    assert parameters["colour"] == {"type": "string"}
    assert {"limit", "marker", "sort_dir", "id"} <= parameters.keys()
    answer = listing["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert answer.keys() == {"shelves", "shelves_links"}
