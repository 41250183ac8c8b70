"""Thousands of wrong inputs, made from the services' own schemas: the same status and the same words.

The export is in tests/wrong_input.py; `make schemas` writes it anew.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.conftest import Cloud, User
from tests.wrong_input import ANY_ID, DIFFERS, SERVICES, Case, cases, listed

SHARES = 4
"""A service's cases are parted among so many tests, which run side by side."""
AT_ONCE = 8
CASES_AT_LEAST = 5_000
SAME_AT_LEAST = 0.98
CLASSES = (
    "missing", "unknown key", "wrong type", "null", "empty", "too long", "too short", "out of range", "bad pattern",
    "bad enumeration", "duplicate",
)  # fmt: skip


async def differences(cloud: Cloud, user: User, chosen: list[Case]) -> dict[Case, str]:
    """Case -> how our answer differs, of those that do."""
    found: dict[int, str] = {}

    async def ask(place: int) -> None:
        found[place] = await chosen[place].difference(user)

    for start in range(0, len(chosen), AT_ONCE):
        await asyncio.gather(*map(ask, range(start, min(start + AT_ONCE, len(chosen)))))
    return {chosen[place]: how for place, how in found.items() if how}


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("service", SERVICES)
async def test_wrong_input_is_refused_in_the_service_s_words(
    service: str, share: int, cloud: Cloud, admin: User
) -> None:
    """Status and text are the real service's, but for what is listed with its reason; and that still differs."""
    if service == "placement":
        provider = {"name": "any", "uuid": ANY_ID}
        headers = {"OpenStack-API-Version": "placement 1.39"}
        (await admin.post("placement", "/resource_providers", provider, headers=headers)).ok(200)
    chosen = list(cases(service)[share::SHARES])
    found = await differences(cloud, admin, chosen)
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
