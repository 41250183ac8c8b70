"""In what form services refuse, by what the client accepts; as the real ones answered.

Glance leaves every refusal to webob. Placement too, but that who takes anything gets JSON. Nova and Cinder word theirs
in JSON, and leave to webob what their router and middleware refuse: unknown paths, long bodies. Neutron's are JSON, but
for paths outside of its API. Keystone's are JSON, and HTML where Flask has no such path, whatever is accepted.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest

from mopenstack.gateway.dialects import webob

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any

DEAD = "00000000-0000-0000-0000-00000000dead"
JSON, HTML, PLAIN = "application/json", "text/html", "text/plain"
ANYTHING, NONE = "*/*", ""
PAGE = "<html>\n <head>\n  <title>{0}</title>\n </head>\n <body>\n  <h1>{0}</h1>\n  {1}\n </body>\n</html>"
NOTHING = "The resource could not be found."
BREAK = "<br /><br />\n"


async def ask(user: User, api: str, path: str, accept: str, verb: str = "GET", **options: Any) -> tuple[int, str, str]:
    """(status, type, body)."""
    headers = {"Accept": accept, **options.pop("headers", {})}
    skipped = [] if accept else ["Accept"]
    if not accept:
        del headers["Accept"]
    headers["X-Auth-Token"] = user.token
    address = f"{user.url}/{api}{path}"
    async with user.session.request(verb, address, headers=headers, skip_auto_headers=skipped, **options) as answer:
        return answer.status, answer.headers["Content-Type"], (await answer.read()).decode()


def of_webob(accept: str, line: str, explanation: str, detail: str = "") -> tuple[str, str]:
    """(type, body) of webob's answer."""
    if accept in (ANYTHING, HTML):
        return "text/html; charset=UTF-8", PAGE.format(line, f"{explanation}{BREAK}{detail}\n\n")
    if accept == JSON:
        title = line.partition(" ")[2]
        document = {"message": f"{explanation}{BREAK}{detail}\n\n", "code": line, "title": title}
        return JSON, json.dumps(document, separators=(",", ":"))
    return "text/plain; charset=UTF-8", f"{line}\n\n{explanation}\n\n {detail}  "


each_accept = pytest.mark.parametrize("accept", [ANYTHING, HTML, JSON, PLAIN, NONE])


@each_accept
async def test_glance(demo: User, accept: str) -> None:
    found = await ask(demo, "image", f"/v2/images/{DEAD}", accept)
    assert found == (404, *of_webob(accept, "404 Not Found", f"No image found with ID {DEAD}"))
    assert await ask(demo, "image", "/v2/nope", accept) == (404, *of_webob(accept, "404 Not Found", NOTHING))
    status, kind, body = await ask(demo, "image", "/v2/images", accept, "DELETE")
    assert (status, kind) == (405, of_webob(accept, "", "")[0])
    assert "The method DELETE is not allowed for this resource." in body
    assert (await ask(demo, "image", "/v2/images", accept))[:2] == (200, JSON)


@each_accept
async def test_a_detail_and_what_is_escaped(demo: User, accept: str) -> None:
    refused = await ask(demo, "image", "/v2/images", accept, "POST", json={"owner": "<b>é'"})
    explanation, detail = "Access was denied to this resource.", "You are not permitted to create images owned by '{}'"
    kind, body = of_webob(accept, "403 Forbidden", explanation, detail)
    owner = {HTML: "&lt;b&gt;&#233;&#x27;", ANYTHING: "&lt;b&gt;&#233;&#x27;", JSON: "<b>é'"}.get(accept, "é'")
    body = body.replace("{}", owner)
    assert refused == (403, kind, body.replace("'", "&#x27;") if kind.startswith(HTML) else body)


@each_accept
async def test_placement(admin: User, accept: str) -> None:
    headers = {"OpenStack-API-Version": "placement 1.39"}
    path = f"/resource_providers/{DEAD}"
    status, kind, body = await ask(admin, "placement", path, accept, "DELETE", headers=headers)
    detail = f"No resource provider with uuid {DEAD} found for delete"
    assert status == 404
    if accept in (ANYTHING, JSON, NONE):
        assert (kind, json.loads(body)["errors"][0]["detail"]) == (JSON, f"{NOTHING}\n\n {detail}  ")
    else:
        assert (kind, body) == of_webob(accept, "404 Not Found", NOTHING, detail)


async def test_placement_gives_json_only(admin: User) -> None:
    status, kind, body = await ask(admin, "placement", "/resource_providers", HTML)
    text = (
        "The resource could not be generated that was acceptable to your browser\n(content of type text/html. "
        f"{BREAK}Only application/json is provided"
    )
    assert (status, kind, body) == (406, "text/html; charset=UTF-8", PAGE.format("406 Not Acceptable", text))
    status, kind, body = await ask(admin, "placement", "/resource_providers", PLAIN)
    assert (status, kind) == (406, "text/plain; charset=UTF-8")
    assert body == (
        "406 Not Acceptable\n\nThe resource could not be generated that was acceptable to your browser "
        "(content of type text/plain. \n\n Only application/json is provided"
    )


@each_accept
@pytest.mark.parametrize("place", ["compute/v2.1", "volume/v3"])
async def test_nova_and_cinder(demo: User, accept: str, place: str) -> None:
    api, _, version = place.partition("/")
    resource = "servers" if api == "compute" else "volumes"
    status, kind, body = await ask(demo, api, f"/{version}/{resource}/{DEAD}", accept)
    faults = f"{JSON}; charset=UTF-8" if api == "compute" else JSON
    assert (status, kind, json.loads(body)["itemNotFound"]["code"]) == (404, faults, 404)
    assert await ask(demo, api, f"/{version}/nope", accept) == (404, *of_webob(accept, "404 Not Found", NOTHING))
    answer = await ask(demo, api, f"/{version}/{resource}", accept, "POST", data=b"x" * 120_000)
    long = "Request is too large. Larger than max_request_body_size (%s)."
    assert answer == (413, *of_webob(accept, "413 Request Entity Too Large", long))


@each_accept
async def test_neutron(demo: User, accept: str) -> None:
    status, kind, body = await ask(demo, "network", f"/v2.0/networks/{DEAD}", accept)
    assert (status, kind, json.loads(body)["NeutronError"]["type"]) == (404, JSON, "NetworkNotFound")
    status, kind, body = await ask(demo, "network", "/v2.0/nope", accept)
    assert (status, kind, json.loads(body)["NeutronError"]["type"]) == (404, JSON, "HTTPNotFound")
    outside = await ask(demo, "network", "/nope", accept)
    if accept == JSON:
        assert json.loads(outside[2]) == {"code": 404, "title": "Not Found", "description": None}
    else:
        assert outside == (404, *of_webob(accept, "404 Not Found", NOTHING))


@each_accept
async def test_keystone(demo: User, accept: str) -> None:
    status, kind, body = await ask(demo, "identity", f"/v3/projects/{DEAD}", accept)
    assert (status, kind, json.loads(body)["error"]["code"]) == (403, JSON, 403)
    status, kind, body = await ask(demo, "identity", "/nope", accept)
    assert (status, kind) == (404, "text/html; charset=utf-8")
    assert body.startswith("<!doctype html>")


@each_accept
@pytest.mark.parametrize("api", ["compute", "volume", "network", "placement", "identity"])
async def test_a_missing_token_is_said_in_json(cloud: Any, accept: str, api: str) -> None:
    """By keystonemiddleware and Keystone; Glance looks at its tokens itself."""
    path = {"compute": "/v2.1/servers", "volume": "/v3/volumes", "network": "/v2.0/networks", "identity": "/v3/users"}
    status, kind, body = await ask(cloud.anonymous, api, path.get(api, "/traits"), accept)
    assert (status, kind, json.loads(body)["error"]["code"]) == (401, JSON, 401)


@pytest.mark.parametrize(
    ("accept", "kinds"),
    [
        ("application/json, text/html", (HTML, JSON)),
        ("application/json, text/html;q=0.9", (JSON, HTML)),
        ("application/json, */*", (HTML, JSON)),
        ("application/json, */*;q=0.5", (JSON, HTML)),
        ("text/*;q=0.3, application/*;q=0.4", (JSON, HTML)),
        ("text/html;q=0, */*", (JSON,)),
        ("text/html;level=1", ()),
        ("TEXT/HTML", (HTML,)),
        ("image/png", ()),
        ("", ()),
        ("*", (HTML, JSON)),
        ("text/html;q=2", (HTML, JSON)),
        ('text/html;a="x,y";q=0.1, application/json;q=0.2', (JSON,)),
    ],
)
def test_what_a_header_accepts(accept: str, kinds: tuple[str, ...]) -> None:
    """As webob.acceptparse reads it."""
    assert webob.acceptable(accept, (HTML, JSON)) == kinds


@pytest.mark.parametrize(("api", "path"), [("compute", "/v2.1/servers"), ("volume", "/v3/volumes")])
async def test_a_body_of_another_type(demo: Any, api: str, path: str) -> None:
    headers = {"Content-Type": "application/xml"}
    refused = (await demo.send("POST", api, path, data=b"<a/>", headers=headers)).refused(415)
    assert refused == {"badMediaType": {"code": 415, "message": "Unsupported Content-Type"}}
