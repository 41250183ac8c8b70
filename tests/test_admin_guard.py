"""A web page on this machine can neither read nor drive the admin API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User

ADMIN = "_mopenstack"
FOREIGN: dict[str, dict[str, str]] = {
    "a name that was made to point here": {"Host": "evil.example:8800"},
    "a page of another port": {"Origin": "http://127.0.0.1:1"},
    "a page of nowhere": {"Origin": "null"},
    "a page of another site": {"Sec-Fetch-Site": "cross-site"},
    "a page of the same site": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("what", FOREIGN)
async def test_pages_are_refused(cloud: Cloud, demo: User, what: str) -> None:
    """Reads and writes alike, whatever the body's type; nothing has changed."""
    before = (await demo.get("identity", "/v3/auth/catalog")).ok()
    headers = {**FOREIGN[what], "Content-Type": "text/plain"}
    for path in ("/status", "/clouds", "/openapi.json", "/answers", "/nowhere"):
        (await cloud.anonymous.get(ADMIN, path, headers=headers)).refused(403, "The admin API")
    reset = f"/clouds/{cloud.name}/reset"
    refused = await User(cloud.session, cloud.serving.url).post(ADMIN, reset, headers=headers)
    assert refused.status == 403
    assert (await demo.get("identity", "/v3/auth/catalog")).ok() == before
    index: Any = await User(cloud.session, cloud.serving.url).get("", "", headers=FOREIGN[what])
    assert "clouds" not in index.body


@pytest.mark.parametrize("host", ["127.0.0.1:8800", "localhost", "cloud.localhost:1", "[::1]:8800", "192.0.2.7"])
async def test_programs_are_served(cloud: Cloud, host: str) -> None:
    headers = {"Host": host}
    (await User(cloud.session, cloud.serving.url).get(ADMIN, "/status", headers=headers)).ok(200)
    own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    (await User(cloud.session, cloud.serving.url).get(ADMIN, "/status", headers=own)).ok(200)
