"""Thousands of wrong inputs, made from the services' own schemas: the same status and the same words.

The export is in tests/wrong_input.py; `make schemas` writes it anew.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.serve import Serving
from tests.conftest import Cloud, User
from tests.wrong_input import ANY_ID, DIFFERS, SERVICES, Case, cases, listed

SHARES = 4
"""A service's cases are parted among so many tests, which run side by side."""
CASES_AT_LEAST = 5_000
SAME_AT_LEAST = 0.98
CLASSES = (
    "missing", "unknown key", "wrong type", "null", "empty", "too long", "too short", "out of range", "bad pattern",
    "bad enumeration", "duplicate",
)  # fmt: skip


_names = itertools.count(1)


@pytest_asyncio.fixture
async def unchecked(process: tuple[Serving, aiohttp.ClientSession]) -> AsyncIterator[Cloud]:
    """A fresh cloud whose answers are not held against schemas: what is wrongly taken is shown as it was given."""
    running, session = process
    name = f"wrong-{next(_names)}"
    await running.administration.create_cloud(name)
    yield Cloud(name, running, session)
    await running.administration.delete_cloud(name)


async def differences(user: User, chosen: list[Case]) -> dict[Case, str]:
    """Case -> how our answer differs, of those that do; one after the other, since what is taken leaves its mark."""
    found = {case: await case.difference(user) for case in chosen}
    return {case: how for case, how in found.items() if how}


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("service", SERVICES)
async def test_wrong_input_is_refused_in_the_service_s_words(service: str, share: int, unchecked: Cloud) -> None:
    """Status and text are the real service's, but for what is listed with its reason; and that still differs."""
    admin = await unchecked.user("admin")
    if service == "placement":
        provider = {"name": "any", "uuid": ANY_ID}
        headers = {"OpenStack-API-Version": "placement 1.39"}
        (await admin.post("placement", "/resource_providers", provider, headers=headers)).ok(200)
    chosen = list(cases(service)[share::SHARES])
    found = await differences(admin, chosen)
    known = listed()
    news = [
        f"{case.verb} {case.path} .{case.version} {case.kind}: {str(case.input)[:200]}\n"
        f"    real: {case.status} {case.text[:300]}\n    ours: {how}"
        for case, how in found.items()
        if case.key not in known
    ]
    gone = [case.key for case in chosen if case.key in known and case not in found]
    assert not news, f"{len(news)} are refused otherwise:\n" + "\n".join(news[:20])
    assert not gone, f"listed in {DIFFERS.name}, but the same by now: take them out\n" + "\n".join(map(str, gone))


def test_the_list_of_differences_is_short_and_says_why() -> None:
    """Enough cases, of every class, and nearly all of them the same."""
    every = [case for service in SERVICES for case in cases(service)]
    kinds = Counter(case.kind.removeprefix("nested ") for case in every)
    assert len(every) >= CASES_AT_LEAST
    assert not [kind for kind in CLASSES if not kinds[kind]]
    assert any(case.kind.startswith("nested ") for case in every)
    assert 1 - len(listed()) / len(every) >= SAME_AT_LEAST
    assert all(row["reason"] for row in listed().values())
    keys = {case.key for case in every}
    assert not [key for key in listed() if key not in keys], "listed, but in no export"
