"""The files of the web page: what is served of them, to whom, and where the libraries come from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.client import User
from tests.conftest import Cloud

GATEWAY = Path(__file__).parent.parent.parent / "gateway"
PAGE = GATEWAY / "mopenstack" / "gateway" / "page"


async def test_every_file_is_served_as_what_it_is(cloud: Cloud) -> None:
    root = f"{cloud.serving.url}/_mopenstack/page"
    for path in sorted(PAGE.rglob("*.*")):
        async with cloud.session.get(f"{root}/{path.relative_to(PAGE).as_posix()}") as answer:
            assert answer.status == 200, path
            assert await answer.read() == path.read_bytes()
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            tag = answer.headers["ETag"]
        async with cloud.session.get(answer.url, headers={"If-None-Match": tag}) as again:
            assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize(
    "path", ["nothing.js", "../web_page.py", "%2e%2e/web_page.py", "js", "", "vendor/../../app.py"]
)
async def test_nothing_else_is_served(path: str, cloud: Cloud) -> None:
    async with cloud.session.get(f"{cloud.serving.url}/_mopenstack/page/{path}") as answer:
        assert answer.status == 404


async def test_other_origins_get_no_file(cloud: Cloud) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    root = User(cloud.session, cloud.serving.url)
    (await root.get("_mopenstack", "/page/js/main.js", headers=headers)).refused(403)


async def test_clients_that_want_json_get_it(cloud: Cloud) -> None:
    root = User(cloud.session, cloud.serving.url)
    for accept in ("*/*", "application/json"):
        assert (await root.get("", "", headers={"Accept": accept})).ok()["name"] == "mopenstack"


async def test_what_is_served_of_what_is_documented(cloud: Cloud) -> None:
    found = (await cloud.admin_api.get("_mopenstack", "/coverage")).ok()
    services = {one["service"]: one for one in found["services"]}
    assert services["compute"]["served"] == services["compute"]["documented"] > 100
    assert len(services["identity"]["left_out"]) == services["identity"]["documented"] - services["identity"]["served"]
    suites = {one["suite"]: one for one in found["suites"]}
    assert suites["tempest"]["passing"] > 1000
    assert all(one["reason"] for suite in suites.values() for one in suite["known_failing"])


def test_the_libraries_are_those_that_are_named() -> None:
    """Every file of page/vendor is one that `make vendor` writes, and each package has its licence there."""
    packages = json.loads((GATEWAY / "vendor.json").read_text())["packages"]
    named = {name for one in packages for name in one["files"].values()}
    assert {path.name for path in (PAGE / "vendor").iterdir()} == named
    for one in packages:
        assert any("LICENSE" in name for name in one["files"].values()), one["name"]
        assert one["integrity"].startswith("sha512-")


def test_modules_name_no_other_host() -> None:
    """No module imports or names another host; what they import are files of the page."""
    for path in sorted((PAGE / "js").glob("*.js")):
        text = path.read_text()
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path
        for name in re.findall(r'from "([^"]+)"', text):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"
