"""What browsers use: signed addresses, forms, web sites, other sites' pages."""

from __future__ import annotations

import hmac
import time
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
API = "object-store"


@pytest.fixture
async def box(demo: User) -> str:
    """The path of a container whose account has a key."""
    path = f"/v1/AUTH_{demo.project_id}/box"
    (await demo.put(API, path)).ok(201)
    (await demo.post(API, f"/v1/AUTH_{demo.project_id}", headers={"X-Account-Meta-Temp-URL-Key": "key"})).ok(204)
    return path


def sign(*lines: object, digest: str = "sha256") -> str:
    return hmac.new(b"key", "\n".join(map(str, lines)).encode(), digest).hexdigest()


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
async def test_signed_addresses(cloud: Cloud, demo: User, box: str, digest: str) -> None:
    (await demo.put(API, f"{box}/o.txt", data=b"data")).ok(201)
    until = int(time.time()) + 100
    seen = urlsplit(cloud.url).path + f"/{API}{box}/o.txt"  # the path as a client sees it
    for path in (f"{box}/o.txt", seen):
        query = f"?temp_url_sig={sign('GET', until, path, digest=digest)}&temp_url_expires={until}"
        got = await cloud.anonymous.get(API, f"{box}/o.txt{query}")
        assert got.ok(200) == "data"
        assert got.headers["Content-Disposition"] == "attachment; filename=\"o.txt\"; filename*=UTF-8''o.txt"
        (await cloud.anonymous.send("HEAD", API, f"{box}/o.txt{query}")).ok(200)
        (await cloud.anonymous.put(API, f"{box}/o.txt{query}", data=b"x")).refused(401, "Temp URL invalid")
        (await cloud.anonymous.get(API, f"{box}/other{query}")).refused(401)
    past = until - 1000
    query = f"?temp_url_sig={sign('GET', past, seen, digest=digest)}&temp_url_expires={past}"
    (await cloud.anonymous.get(API, f"{box}/o.txt{query}")).refused(401)


async def test_forms(cloud: Cloud, box: str) -> None:
    until = int(time.time()) + 100
    fields = {
        "redirect": "",
        "max_file_size": "10",
        "max_file_count": "2",
        "expires": str(until),
        "signature": sign(f"{box}/up/", "", 10, 2, until),
    }

    def form(*files: tuple[str, bytes]) -> dict[str, Any]:
        lines: list[bytes] = []
        for name, value in fields.items():
            lines += [b"--X", f'Content-Disposition: form-data; name="{name}"'.encode(), b"", value.encode()]
        for name, data in files:
            head = f'Content-Disposition: form-data; name="file"; filename="{name}"'.encode()
            lines += [b"--X", head, b"Content-Type: text/x", b"", data]
        body = b"\r\n".join([*lines, b"--X--", b""])
        return {"data": body, "headers": {"Content-Type": "multipart/form-data; boundary=X"}}

    (await cloud.anonymous.post(API, f"{box}/up/", **form(("a", b"1\r\n2"), ("b", b"3")))).ok(201)
    demo = await cloud.user("demo")
    got = await demo.get(API, f"{box}/up/a")
    assert (got.content, got.headers["Content-Type"]) == (b"1\r\n2", "text/x")
    too_many = form(("a", b""), ("b", b""), ("c", b""))
    (await cloud.anonymous.post(API, f"{box}/up/", **too_many)).refused(400, "Max File Count Exceeded")
    too_long = await cloud.anonymous.post(API, f"{box}/up/", **form(("long", b"x" * 11)))
    too_long.refused(400, "max_file_size exceeded")
    (await demo.get(API, f"{box}/up/long")).refused(404)
    (await cloud.anonymous.post(API, f"{box}/other/", **form(("a", b"")))).refused(401, "Invalid Signature")


async def test_a_web_site(cloud: Cloud, demo: User, box: str) -> None:
    settings = {"Web-Index": "index.html", "Web-Error": "error.html", "Web-Listings": "true"}
    headers = {f"X-Container-Meta-{name}": value for name, value in settings.items()}
    (await demo.post(API, box, headers={**headers, "X-Container-Read": ".r:*,.rlistings"})).ok(204)
    nobody = cloud.anonymous
    moved = await nobody.get(API, box)
    assert (moved.status, moved.headers["Location"]) == (301, f"{cloud.url}/{API}{box}/")
    (await demo.put(API, f"{box}/sub/<page>.html", data=b"page")).ok(201)
    listed = (await nobody.get(API, f"{box}/")).ok(200)
    assert '<a href="./sub/">sub/</a>' in listed
    below = (await nobody.get(API, f"{box}/sub/")).ok(200)
    assert '<a href="./%3Cpage%3E%2Ehtml">&lt;page&gt;.html</a>' in below
    (await demo.put(API, f"{box}/index.html", data=b"index")).ok(201)
    (await demo.put(API, f"{box}/404error.html", data=b"not here")).ok(201)
    assert (await nobody.get(API, f"{box}/")).ok(200) == "index"
    assert (await nobody.get(API, f"{box}/none")).refused(404) == "not here"
    assert (await nobody.get(API, f"{box}/sub")).status == 301
    assert (await demo.get(API, f"{box}/")).status == 200


async def test_pages_of_other_sites(cloud: Cloud, demo: User, box: str) -> None:
    allowed = {"X-Container-Meta-Access-Control-Allow-Origin": "http://a.example", "X-Container-Read": ".r:*"}
    (await demo.post(API, box, headers=allowed)).ok(204)
    (await demo.put(API, f"{box}/o", data=b"x")).ok(201)
    asked = {"Origin": "http://a.example", "Access-Control-Request-Method": "GET"}
    preflight = await cloud.anonymous.send("OPTIONS", API, f"{box}/o", headers=asked)
    preflight.ok(200)
    assert preflight.headers["Access-Control-Allow-Origin"] == "http://a.example"
    other = {**asked, "Origin": "http://b.example"}
    (await cloud.anonymous.send("OPTIONS", API, f"{box}/o", headers=other)).refused(401)
    got = await cloud.anonymous.get(API, f"{box}/o", headers={"Origin": "http://a.example"})
    assert got.headers["Access-Control-Allow-Origin"] == "http://a.example"
    assert "etag" in got.headers["Access-Control-Expose-Headers"]


async def test_what_the_cluster_tells(cloud: Cloud) -> None:
    nobody = cloud.anonymous
    assert (await nobody.get(API, "/info")).ok(200)["swift"]["policies"][0]["name"] == "Policy-0"
    (await nobody.get(API, "/info?swiftinfo_sig=x&swiftinfo_expires=1")).refused(403)
    assert "cross-domain-policy" in (await nobody.get(API, "/crossdomain.xml")).ok(200)
    assert (await nobody.get(API, "/healthcheck")).ok(200) == "OK"
    (endpoint,) = (await nobody.get(API, "/endpoints/AUTH_x/c/o")).ok(200)
    assert endpoint.endswith("/AUTH_x/c/o")
    (await nobody.get(API, "/nope")).refused(412, "Bad URL")
    (await nobody.get(API, "/v2/AUTH_x")).refused(400)


async def test_hosts_that_are_accounts_and_containers(cloud: Cloud, demo: User, box: str) -> None:
    """`box.AUTH-project.swift.localhost` is a container, and what it answers stays below its name."""
    (await demo.put(API, f"{box}/dir/index.html", data=b"index")).ok(201)
    settings = {"X-Container-Read": ".r:*", "X-Container-Meta-Web-Index": "index.html"}
    (await demo.post(API, box, headers=settings)).ok(204)
    account = f"AUTH-{demo.project_id}.swift.localhost"

    async def ask(host: str, path: str) -> Any:
        headers = {"Host": host, "X-Auth-Token": demo.token, "X-Web-Mode": "true"}
        return await cloud.session.get(f"{cloud.url}{path}", headers=headers, allow_redirects=False)

    for host, path in ((account, "/box/dir"), (f"box.{account}", "/dir"), (f"box.{account}:8080", "/dir")):
        async with await ask(host, path) as moved:
            assert moved.status == 301
            assert moved.headers["Location"] == f"http://{host}{urlsplit(cloud.url).path}{path}/"
        async with await ask(host, f"{path}/") as found:
            assert await found.text() == "index"
    async with await ask(f"a.b.{account}", "/") as refused:
        assert (refused.status, await refused.text()) == (400, "Bad domain in host header")
    async with await ask("other_account.swift.localhost", "/identity/v3") as other:
        assert other.status == 200
