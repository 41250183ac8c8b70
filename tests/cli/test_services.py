"""Which services a cloud has: those that were chosen, and those that other distributions bring."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.processes import command, detached

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
LINES_MAX = 200


class Client:
    """demo's requests, by nothing but the standard library."""

    def __init__(self, url: str) -> None:
        self.url = url
        user = {"name": "demo", "domain": {"id": "default"}, "password": "secret"}
        scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
        self.token = ""
        _, self.session, headers = self.send("POST", "/identity/v3/auth/tokens", {"auth": auth})
        self.token = headers["X-Subject-Token"]

    def send(self, verb: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
        """(status, decoded body, headers)"""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Auth-Token": self.token}
        request = urllib.request.Request(self.url + path, data, headers, method=verb)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or b"null"), refused.headers

    @property
    def catalog(self) -> dict[str, str]:
        """Service type -> its first address."""
        return {entry["type"]: entry["endpoints"][0]["url"] for entry in self.session["token"]["catalog"]}


def test_chosen_services(tmp_path: Path) -> None:
    """`--services` serves those and what they need; the rest is as in a cloud that does not have it."""
    with detached(tmp_path, "--services", "network") as status:
        client = Client(status["url"])
        assert client.catalog.keys() == {"identity", "network"}
        assert client.send("GET", "/network/v2.0/networks")[0] == 200
        assert client.send("GET", "/compute/v2.1/servers")[0] == 404
        index = client.send("GET", "/")[1]
        assert [api["type"] for api in index["apis"]] == ["identity", "network"]
        paths = client.send("GET", "/_mopenstack/openapi.json")[1]["paths"]
        assert {path.split("/")[1] for path in paths} == {"_mopenstack", "identity", "network"}


def test_an_unknown_service_is_named(tmp_path: Path) -> None:
    refused = command("up", "--services", "network,nowhere", state=tmp_path, check=False)
    assert refused.returncode == 1
    assert "There is no service 'nowhere'; these are installed: " in refused.stderr
    listed = command("services", state=tmp_path).stdout
    assert "compute      mopenstack.compute.v2        needs identity, image, network, placement, volume\n" in listed


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin, installed by pip beside mopenstack."""
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(target), str(PLUGIN)], check=True)
    monkeypatch.setenv("PYTHONPATH", str(target))


@pytest.mark.usefixtures("installed")
def test_a_service_of_another_distribution(tmp_path: Path) -> None:
    """It is served over REST and gRPC, seeded, in the catalog, in OpenAPI and in the index."""
    with detached(tmp_path) as status:
        client = Client(status["url"])
        assert client.catalog["support"] == status["url"] + "/support/v1"
        assert "support" in {api["type"] for api in client.send("GET", "/")[1]["apis"]}
        paths = client.send("GET", "/_mopenstack/openapi.json")[1]["paths"]
        assert "/support/v1/tickets/{ticket_id}/close" in paths

        (welcome,) = client.send("GET", "/support/v1/tickets")[1]["tickets"]
        assert (welcome["subject"], welcome["status"]) == ("Welcome", "open")
        made = client.send("POST", "/support/v1/tickets", {"ticket": {"subject": "broken"}})
        assert made[0] == 201
        path = f"/support/v1/tickets/{made[1]['ticket']['id']}"
        assert client.send("POST", f"{path}/close")[0] == 202
        assert client.send("POST", f"{path}/close")[:2] == (409, _error(409, "ticket_in_wrong_state", "Conflict", path))
        assert client.send("PUT", f"{path}/tags/urgent")[0] == 204
        assert client.send("POST", f"{path}/comments", {"comment": {"text": "why?"}})[0] == 201
        assert [one["text"] for one in client.send("GET", f"{path}/comments")[1]["comments"]] == ["why?"]
        assert client.send("GET", path)[1]["ticket"]["tags"] == ["urgent"]
        assert client.send("DELETE", path)[0] == 403
        assert client.send("POST", "/support/v1/tickets", {"ticket": {"subject": ""}})[0] == 400

        assert _subjects(status["grpc"], client.token) == {"Welcome", "broken"}


def test_the_plugin_is_small() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PLUGIN, capture_output=True, text=True, check=True).stdout
    lines = sum(len((PLUGIN / name).read_text().splitlines()) for name in listed.split() if name != "README.md")
    assert lines < LINES_MAX


class _Any:
    """Equal to everything: an id that each request has anew."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def _error(status: int, code: str, title: str, path: str) -> dict[str, Any]:
    detail = f"Cannot close ticket {path.rpartition('/')[2]}."
    return {
        "errors": [
            {"status": status, "code": f"support.{code}", "title": title, "detail": detail, "request_id": _Any()}
        ]
    }


def _subjects(address: str, token: str) -> set[str]:
    """The subjects of all tickets, by a client that knows the service from reflection alone."""
    with grpc.insecure_channel(address) as channel:
        ask = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol="acme.tickets.v1.Tickets")
        (answer,) = ask(iter([request]))
        pool = descriptor_pool.DescriptorPool()
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(one)
            for one in answer.file_descriptor_response.file_descriptor_proto
        ]
        for file in _in_order(files):
            pool.Add(file)
        service = pool.FindServiceByName("acme.tickets.v1.Tickets")
        method = service.methods_by_name["ListTickets"]
        answer_class = message_factory.GetMessageClass(method.output_type)
        call: Any = channel.unary_unary(
            "/acme.tickets.v1.Tickets/ListTickets", lambda request: request.SerializeToString(), answer_class.FromString
        )
        request_class = message_factory.GetMessageClass(method.input_type)
        found: Any = call(request_class(), metadata=(("x-auth-token", token),))
        return {ticket.subject for ticket in found.tickets}


def _in_order(files: list[descriptor_pb2.FileDescriptorProto]) -> list[descriptor_pb2.FileDescriptorProto]:
    """Each file behind those that it imports."""
    ordered: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    while len(ordered) < len(files):
        ready = [file for file in files if file.name not in ordered and ordered.keys() >= set(file.dependency)]
        assert ready, "a file lacks one that it imports"
        ordered |= {file.name: file for file in ready}
    return list(ordered.values())
