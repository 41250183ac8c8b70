"""Whatever is sent, the answer is the service's own refusal, and never a 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import User

CREATES: dict[str, tuple[str, dict[str, Any]]] = {
    "compute": ("/v2.1/servers", {"server": {"name": "s", "flavorRef": "42"}}),
    "compute-keypair": ("/v2.1/os-keypairs", {"keypair": {"name": "k"}}),
    "network": ("/v2.0/networks", {"network": {"name": "n"}}),
    "network-port": ("/v2.0/ports", {"port": {"name": "p"}}),
    "network-subnet": ("/v2.0/subnets", {"subnet": {"name": "p", "cidr": "10.0.0.0/24"}}),
    "volume": ("/v3/{project}/volumes", {"volume": {"name": "v", "size": 1}}),
    "image": ("/v2/images", {"name": "i"}),
    "identity": ("/v3/users", {"user": {"name": "u"}}),
    "identity-project": ("/v3/projects", {"project": {"name": "p"}}),
}
each_create = pytest.mark.parametrize("create", CREATES)

RAW = {
    "not JSON": b"{",
    "nothing": b"",
    "an array": b"[]",
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"x": NaN}',
    "too deep": b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "half a character": b'{"x": "\\ud800"}',
    "not UTF-8": b'{"x": "\xff"}',
    "a huge number": b'{"x": 1' + b"0" * 400 + b"}",
}
WRONG: list[Any] = [
    None,
    1,
    1.5,
    -1,
    True,
    "",
    "x",
    "\x00",
    "\ud800",
    [],
    [[]],
    {},
    {"x": {}},
    10**30,
    "x" * 1_000_000,
    ["x"] * 3,
]


def _place(create: str, admin: User) -> tuple[str, str, dict[str, Any]]:
    path, body = CREATES[create]
    return create.partition("-")[0], path.format(project=admin.project_id), body


@each_create
async def test_bodies_that_are_no_documents(create: str, admin: User) -> None:
    """A body that is not a JSON object is refused with 400, as JSON, whatever it is."""
    api, path, _ = _place(create, admin)
    for name, raw in RAW.items():
        reply = await admin.send("POST", api, path, data=raw, headers={"Content-Type": "application/json"})
        # Cinder answers an empty body with 500; we say what is wrong instead.
        assert reply.status == 400, f"{name}: {reply.status} {reply.body}"
        assert isinstance(reply.body, dict), f"{name}: {reply.body!r}"


@each_create
async def test_wrong_types_everywhere(create: str, admin: User) -> None:
    """Every known key, and the envelope, with every kind of wrong value: a success or a refusal below 500."""
    api, path, body = _place(create, admin)
    envelope = next(iter(body)) if isinstance(next(iter(body.values())), dict) else ""
    inner = body[envelope] if envelope else body
    for value in WRONG:
        tries: list[Any] = [{**inner, key: value} for key in (*inner, "description", "networks", "tags", "metadata")]
        documents = [{envelope: item} if envelope else item for item in tries]
        documents += [{envelope: value}] if envelope else []
        for document in documents:
            reply = await admin.post(api, path, document)
            assert reply.status < 500, f"{str(document)[:200]}: {reply.status} {str(reply.body)[:300]}"


@each_create
async def test_a_name_of_a_megabyte(create: str, admin: User) -> None:
    """Refused with 400 or 413, and nothing was made."""
    api, path, body = _place(create, admin)
    envelope = next(iter(body)) if isinstance(next(iter(body.values())), dict) else ""
    long = {**(body[envelope] if envelope else body), "name": "x" * 1_000_000}
    reply = await admin.post(api, path, {envelope: long} if envelope else long)
    assert reply.status in (400, 413), f"{reply.status} {str(reply.body)[:300]}"


async def test_unknown_fields(admin: User) -> None:
    """Nova and Neutron refuse them in their own words; Cinder ignores, Keystone and Glance keep them."""
    body = (await admin.post("network", "/v2.0/networks", {"network": {"name": "n", "nope": 1}})).refused(400)
    assert body["NeutronError"]["message"] == "Unrecognized attribute(s) 'nope'"
    flavor = {"name": "f", "ram": 64, "disk": 1, "vcpus": 1, "foo": 1}
    body = (await admin.post("compute", "/v2.1/flavors", {"flavor": flavor})).refused(400)
    assert body["badRequest"]["message"].endswith("Additional properties are not allowed ('foo' was unexpected)")
    user = (await admin.post("identity", "/v3/users", {"user": {"name": "u", "foo": "bar"}})).ok(201)["user"]
    assert user["foo"] == "bar"


@pytest.mark.parametrize(
    ("version", "status", "message"),
    [
        ("2.104", 406, "Version 2.104 is not supported by the API. Minimum is 2.1 and maximum is 2.103."),
        ("2.0", 406, "Version 2.0 is not supported by the API. Minimum is 2.1 and maximum is 2.103."),
        ("3.0", 406, "Version 3.0 is not supported by the API. Minimum is 2.1 and maximum is 2.103."),
        ("abc", 400, "API Version String abc is of invalid format. Must be of format MajorNum.MinorNum."),
        ("2.1.1", 400, "API Version String 2.1.1 is of invalid format. Must be of format MajorNum.MinorNum."),
    ],
)
async def test_bad_microversions(version: str, status: int, message: str, admin: User) -> None:
    """Nova's words for a version that it does not have, and for one that is none."""
    reply = await admin.get("compute", "/v2.1/servers", headers={"OpenStack-API-Version": f"compute {version}"})
    reply.refused(status, message)


@pytest.mark.parametrize(
    ("api", "path"),
    [
        ("compute", "/v2.1/servers/{id}"),
        ("compute", "/v2.1/flavors/{id}"),
        ("compute", "/v2.1/os-keypairs/{id}"),
        ("compute", "/v2.1/os-server-groups/{id}"),
        ("network", "/v2.0/networks/{id}"),
        ("network", "/v2.0/ports/{id}"),
        ("network", "/v2.0/routers/{id}"),
        ("network", "/v2.0/security-groups/{id}"),
        ("volume", "/v3/{project}/volumes/{id}"),
        ("volume", "/v3/{project}/snapshots/{id}"),
        ("image", "/v2/images/{id}"),
        ("identity", "/v3/projects/{id}"),
        ("identity", "/v3/roles/{id}"),
    ],
)
async def test_unknown_ids(api: str, path: str, admin: User) -> None:
    """404 for an id that nobody has, a malformed one, and one with odd characters in it."""
    for id in ("00000000-0000-0000-0000-00000000dead", "nope", "a%2Fb", "%00", "x" * 2000, "%F0%9F%98%80", "%ff"):
        where = path.format(project=admin.project_id, id=id)
        reply = await admin.get(api, where)
        assert reply.status in (400, 404), f"{where}: {reply.status} {str(reply.body)[:200]}"


async def test_what_is_not_served_says_so(admin: User) -> None:
    """What OpenStack documents is 501 with its name; a route that nobody knows is 404; a wrong verb 405."""
    reply = await admin.get("identity", "/v3/OS-FEDERATION/saml2/metadata")
    reply.refused(501, "Retrieve Metadata properties")
    assert (await admin.get("compute", "/v2.1/nope")).status == 404
    assert (await admin.get("network", "/v2.0/nope")).refused(404)["NeutronError"]["type"] == "HTTPNotFound"
    assert (await admin.get("volume", "/v3/nope")).status == 404
    assert (await admin.send("PATCH", "network", "/v2.0/networks")).status == 405


async def test_odd_queries(admin: User) -> None:
    """Lists with wrong limits, markers, sort keys and filters are refused or served, never a 500."""
    lists = (
        ("compute", "/v2.1/servers/detail"),
        ("compute", "/v2.1/flavors"),
        ("network", "/v2.0/networks"),
        ("network", "/v2.0/ports"),
        ("volume", f"/v3/{admin.project_id}/volumes/detail"),
        ("image", "/v2/images"),
        ("identity", "/v3/users"),
    )
    queries = (
        "limit=abc",
        "limit=-1",
        "limit=0",
        "limit=99999999999999999999",
        "marker=nope",
        "sort_key=nope",
        "sort_dir=x",
    )
    more = ("sort=x:y:z", "id=", "name=%00", "status=x&status=y", "=", "&&", "fields=nope", "created_at=x", "%ff=%ff")
    for api, path in lists:
        for query in (*queries, *more):
            reply = await admin.get(api, f"{path}?{query}")
            assert reply.status < 500, f"{api}{path}?{query}: {reply.status} {str(reply.body)[:200]}"


@pytest.mark.parametrize("number", ["\u00b2", "--5", "1\n", "\u0665\u00b2"])
@pytest.mark.parametrize(
    "path", ["compute/v2.1/servers", "network/v2.0/networks", "image/v2/images", "volume/v3/types"]
)
async def test_a_limit_that_is_no_number(admin: User, path: str, number: str) -> None:
    api, _, rest = path.partition("/")
    assert (await admin.get(api, f"/{rest}", params={"limit": number})).status in (200, 400)
