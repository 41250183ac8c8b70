"""What the recordings show of Manila's answers beside their bodies."""

from __future__ import annotations

import pytest

from tests.conftest import Cloud, User
from tests.shared_file_system.making import Manila

EXPERIMENTAL = "X-OpenStack-Manila-API-Experimental"


@pytest.mark.parametrize("said", ["True", "true", "False", ""])
async def test_an_experimental_answer_says_so(demo: User, said: str) -> None:
    headers = {"X-OpenStack-Manila-API-Version": "2.95"} | ({EXPERIMENTAL: said} if said else {})
    reply = await demo.get("share", "/v2/shares", headers=headers)
    assert reply.ok(200) == {"shares": []}
    assert reply.headers.get(EXPERIMENTAL) == ("True" if said.lower() == "true" else None)


async def test_the_next_page_of_a_detailed_list_is_brief(demo: User, cloud: Cloud) -> None:
    manila = Manila(demo)
    for _ in range(2):
        await manila.share()
    page = await manila.get("/shares/detail?limit=1")
    link = page["shares_links"][0]["href"]
    assert link == f"{cloud.url}/share/v2/shares?limit=1&marker={page['shares'][0]['id']}"


async def test_the_version_is_behind_a_redirection(demo: User, cloud: Cloud) -> None:
    reply = await demo.get("share", "/v2")
    assert (reply.status, reply.headers["Location"]) == (302, f"{cloud.url}/share/v2/")
    assert (await demo.get("share", "/v2/")).ok(200)["versions"][0]["id"] == "v2.0"


async def test_a_lock_that_is_no_word_for_true_is_none(demo: User) -> None:
    manila = Manila(demo)
    share = await manila.share()
    rule = {"access_type": "ip", "access_to": "1.1.1.4", "lock_deletion": "zz"}
    made = (await manila.act(f"/shares/{share['id']}", "allow_access", rule)).ok(200)["access"]
    assert made["access_to"] == "1.1.1.4"
    assert (await manila.get("/resource-locks"))["resource_locks"] == []
