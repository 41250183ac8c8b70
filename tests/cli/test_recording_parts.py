"""The parts of the recorder that need no cloud: secrets, addresses, ids, and what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mopenstack.cli.recording.differences import Ids, Shapes
from mopenstack.cli.recording.exchanges import BadRecording, read_exchanges
from mopenstack.cli.recording.lines import shortened, template
from mopenstack.cli.recording.places import Places, base_of
from mopenstack.cli.recording.redaction import Redactor

OLD, NEW = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def line(**changes: Any) -> dict[str, Any]:
    return {"op": "GET /", "service": "compute", "as": "admin", "path": "/", "status": 200, "response": None, **changes}


@pytest.mark.parametrize(
    ("path", "document", "blanked"),
    [
        ("/v2.1/servers", {"server": {"adminPass": "a"}}, {"server": {"adminPass": "<password-1>"}}),
        ("/v3/users/x", {"user": {"original_password": "a"}}, {"user": {"original_password": "<password-1>"}}),
        ("/v3/auth/tokens", {"auth": {"token": {"id": "a"}}}, {"auth": {"token": {"id": "<token-1>"}}}),
        ("/v3/users/x/credentials/OS-EC2", {"credential": {"access": "a"}}, {"credential": {"access": "<secret-1>"}}),
        ("/v2/zones/tasks/transfer_requests", {"key": "ABCDEFGH"}, {"key": "<secret-1>"}),
        ("/v2.0/vpn/ipsec-site-connections", {"x": {"psk": "a"}}, {"x": {"psk": "<psk-1>"}}),
        ("/v3/volume-transfers", {"transfer": {"auth_key": "a"}}, {"transfer": {"auth_key": "<auth_key-1>"}}),
        ("/v2.1/os-keypairs", {"keypair": {"private_key": "a"}}, {"keypair": {"private_key": "<private_key-1>"}}),
        ("/v1/secrets/x/payload", {"__text__": "a", "__len__": 1}, {"__text__": "<payload-1>", "__len__": 1}),
        ("/v3/users", [{"password": "a"}, {"password": "a"}], [{"password": "<password-1>"}] * 2),
        # What is none, although it is called nearly so.
        ("/v1/secrets", {"secret_ref": "{key-manager}/v1/secrets/1", "secret_type": "opaque"}, None),
        ("/v3/users", {"user": {"password_expires_at": "2026-01-01", "options": {}}}, None),
        ("/v2.1/os-keypairs", {"keypair": {"public_key": "ssh-rsa AAAA", "key": None}}, None),
        ("/v2.1/os-hypervisors", {"access": "a", "key": "b"}, None),
    ],
)
def test_secrets_are_blanked(path: str, document: Any, blanked: Any) -> None:
    said = json.loads(Redactor().line(line(path=path, response=document)))
    assert said["response"] == (document if blanked is None else blanked)


def test_a_secret_is_the_same_word_everywhere() -> None:
    """In headers, paths, texts, and in exchanges that come later; a short one is not looked for in texts."""
    redactor = Redactor()
    token, secret = "gAAAAAtoken", "not-to-be-seen"
    given = redactor.line(line(response={"password": secret}, response_headers={"X-Subject-Token": token}))
    assert json.loads(given)["response_headers"] == {"X-Subject-Token": "<token-1>"}
    body = {"metadata": {"note": f"it is {secret}!"}, "password": "is"}
    later = json.loads(
        redactor.line(line(path=f"/v1/x?token={token}", request=body, request_headers={"X-Auth-Token": token}))
    )
    assert later["path"] == "/v1/x?token=<token-1>"
    assert later["request"] == {"metadata": {"note": "it is <password-1>!"}, "password": "<password-2>"}
    assert later["request_headers"] == {"X-Auth-Token": "<token-1>"}


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://nova.example.org:8774/v2.1/0123", "https://nova.example.org:8774"),
        ("https://example.org/volume/v3/0123", "https://example.org/volume"),
        ("https://example.org/placement", "https://example.org/placement"),
        ("https://example.org:8080/v1/AUTH_0123", "https://example.org:8080"),
        ("https://example.org/identity/", "https://example.org/identity"),
    ],
)
def test_where_a_service_is(url: str, base: str) -> None:
    assert base_of(url) == base


def test_addresses_are_changed_both_ways() -> None:
    """Of services on one host too, with either scheme, and of no other host."""
    places = Places("http://127.0.0.1:8877")
    places.learn("identity", "https://example.org/identity/v3")
    endpoints = [{"url": "https://example.org/volume/v3/0123"}, {"url": "https://internal:8776/v3/0123"}]
    places.learn_catalog({"token": {"catalog": [{"type": "volumev3", "endpoints": endpoints}]}})
    text = "https://example.org/volume/v3/0123 http://example.org/identity/ https://internal:8776 https://example.org/volumes"
    inward = (
        "http://127.0.0.1:8877/volume/v3/0123 http://127.0.0.1:8877/identity/ http://127.0.0.1:8877/volume-2 "
        "https://example.org/volumes"
    )
    assert places.inward(text) == inward
    assert places.named(text) == "{volume}/v3/0123 {identity}/ {volume-2} https://example.org/volumes"
    assert places.outward(inward) == text.replace("http:", "https:")
    found = places.find("/volume/v3/0123/volumes?limit=1")
    assert found is not None
    assert (found[0].service, found[0].base, found[1]) == (
        "volumev3",
        "https://example.org/volume",
        "/v3/0123/volumes?limit=1",
    )
    assert places.find("/elsewhere/v3") is None


def shapes(recorded: Any, ours: Any, ids: Ids | None = None) -> list[tuple[str, str, str]]:
    return [(one.kind, one.where, one.says) for one in Shapes(ids or Ids()).differences(recorded, ours)]


def test_keys_and_types_differ_and_values_do_not() -> None:
    recorded = {"server": {"id": OLD, "name": "a", "tags": ["x"], "size": 1, "fault": None, "lost": 1}}
    ours = {"server": {"id": NEW, "name": "b", "tags": [], "size": "1", "fault": {"code": 1}, "more": 1}, "extra": 1}
    assert shapes(recorded, ours) == [
        ("envelope", "", "has extra besides"),
        ("keys", ".server", "lacks lost"),
        ("keys", ".server", "has more besides"),
        ("types", ".server.size", "string, recorded number"),
    ]


def test_things_of_lists_are_found_by_id_and_name() -> None:
    """In any order; of what the cloud has besides, or has not, nothing is told but what was seen before."""
    ids = Ids()
    recorded = {"networks": [{"id": OLD, "name": "a"}, {"id": OLD.replace("1", "3"), "name": "b", "mtu": 1}]}
    ours = {"networks": [{"id": NEW.replace("2", "4"), "name": "b", "mtu": "1"}, {"id": NEW, "name": "a"}]}
    assert shapes(recorded, ours, ids) == [("types", ".networks[1].mtu", "string, recorded number")]
    assert ids.long[OLD] == NEW
    assert shapes(recorded, {"networks": [{"id": "x", "name": "c"}]}, Ids()) == [
        ("keys", ".networks[1]", "lacks mtu"),
    ]
    gone = shapes(recorded, {"networks": []}, ids)
    assert gone == [("items", ".networks[0]", "lacks a"), ("items", ".networks[1]", "lacks b")]


def test_ids_are_those_that_answers_gave() -> None:
    """Long ones wherever they stand, short ones where they name something of their kind."""
    ids = Ids()
    recorded = {"flavors": [{"id": "1", "name": "a"}], "image": {"id": OLD}, "aggregates": [{"id": 3, "name": "z"}]}
    ours = {"flavors": [{"id": "c1", "name": "a"}], "image": {"id": NEW}, "aggregates": [{"id": 7, "name": "z"}]}
    assert shapes(recorded, ours, ids) == []
    assert ids.path(f"/v2.1/flavors/1/os-flavor-access?x={OLD}") == f"/v2.1/flavors/c1/os-flavor-access?x={NEW}"
    assert ids.path("/v2.1/os-aggregates/3/action") == "/v2.1/os-aggregates/7/action"
    assert ids.path("/v2.1/servers/1") == "/v2.1/servers/1"
    asked = {"server": {"flavorRef": "1", "imageRef": OLD, "min_count": 1, "metadata": {"of": f"<{OLD}>"}}}
    wanted = {"server": {"flavorRef": "c1", "imageRef": NEW, "min_count": 1, "metadata": {"of": f"<{NEW}>"}}}
    assert ids.document(asked) == wanted


def test_long_lists_are_shortened() -> None:
    """Only in an answer that is too long; how long they were is kept."""
    assert shortened({"a": [1] * 10}) == ({"a": [1] * 10}, {})
    document, cut = shortened({"a": {"b": ["x" * 100_000] * 5}, "c": [1, 2]})
    assert ([len(one) for one in document["a"]["b"]], cut) == ([100_000] * 3, {"a.b": 5})


def test_paths_have_templates() -> None:
    assert template(f"/v3/{OLD.replace('-', '')}/volumes/{OLD}?x={OLD}") == "/v3/{id}/volumes/{id}"
    assert template("/v2.1/flavors/42") == "/v2.1/flavors/{id}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1: Expecting property name"),
        ("[1]", "line 1: it is no JSON object"),
        ('{"op": "GET /"}', "exchange 1: `path` is missing, or no str"),
        ('{"op": "GET /", "path": "x", "as": "admin", "status": 200}', "its path begins with no slash"),
        ('{"op": "GET /", "path": "/", "as": "admin", "status": "200"}', "`status` is missing, or no int"),
        ('{"op": "GET /", "path": "/", "as": "a", "status": 200, "cut": 1}', "`cut` is no object"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_text(text + "\n")
    with pytest.raises(BadRecording) as refused:
        list(read_exchanges(file))
    assert says in str(refused.value)
