"""Operations that show and set limits: of projects, of parts of them, and of the default class."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Library
from tests.engine.library.core.quotas import errors

DEFAULTS = {"books": 4, "seats": -1}


async def _limits(library: Library, rpc: str = "GetQuota", **request: Any) -> dict[str, int]:
    found = await library.ask(rpc, **request)
    return {"books": found.books, "seats": found.seats}


async def _set(library: Library, project: str = "red", user_id: str = "", **limits: Any) -> dict[str, int]:
    return await _limits(library, "UpdateQuota", project=project, user_id=user_id, quota=limits)


async def test_show_and_update(library: Library) -> None:
    """An update sets what it gives, and answers all; the object has its project's id but for that."""
    assert await _limits(library, project="red") == DEFAULTS
    assert (await library.ask("GetQuota", project="red")).project_id == "red"
    assert await _set(library, seats=7) == {"books": 4, "seats": 7}
    assert await _set(library, books=-1) == {"books": -1, "seats": 7}
    assert (await library.ask("UpdateQuota", project="red", quota={"books": 1})).project_id == ""
    assert await _limits(library, project="blue") == DEFAULTS


async def test_classes_and_defaults(library: Library) -> None:
    """The default class holds for projects without limits of their own; other classes for none."""
    await _set(library, "red", books=9)
    changed = await library.ask("UpdateQuotaClass", name="default", quota={"books": 2})
    assert (changed.books, changed.seats) == (2, -1)
    await library.ask("UpdateQuotaClass", name="gold", quota={"books": 99})
    assert await _limits(library, "GetQuotaClass", name="default") == {"books": 2, "seats": -1}
    assert await _limits(library, "GetQuotaDefaults", project="red") == {"books": 2, "seats": -1}
    assert await _limits(library, project="red") == {"books": 9, "seats": -1}
    assert await _limits(library, project="blue") == {"books": 2, "seats": -1}


async def test_usage(library: Library) -> None:
    await library.book()
    found = await library.ask("GetQuotaDetail", project="red")
    assert (found.books.limit, found.books.in_use, found.seats.limit, found.seats.in_use) == (4, 1, -1, 0)
    of_user = await library.ask("GetQuotaDetail", project="blue", user_id="u")
    assert (of_user.books.limit, of_user.books.in_use) == (4, 1)


async def test_a_limit_below_the_usage(library: Library) -> None:
    """Refused, unless forced; no limit at all never is."""
    for number in range(2):
        await library.book(f"b{number}")
    with pytest.raises(errors.LimitBelowUsage, match="1 books are fewer than the 2 in use"):
        await _set(library, books=1)
    assert (await _set(library, books=-1))["books"] == -1
    assert (await _set(library, books=1, force=True))["books"] == 1


async def test_reset_and_list(library: Library) -> None:
    """Back to the defaults, those of its users included; a project without limits of its own has none to remove."""
    await _set(library, "red", books=9)
    await _set(library, "blue", books=8)
    await _set(library, "red", "u", books=2)
    listed = await library.ask("ListQuotas")
    assert [(one.project_id, one.books) for one in listed] == [("blue", 8), ("red", 9)]
    await library.ask("DeleteQuota", project="red")
    assert await _limits(library, project="red") == DEFAULTS
    assert await _limits(library, project="red", user_id="u") == DEFAULTS
    with pytest.raises(errors.NoLimits, match="red has no limits"):
        await library.ask("DeleteQuota", project="red")


async def test_parts_of_a_project(library: Library) -> None:
    """A user without limits of their own has the project's; all users together have no more than it."""
    await _set(library, "red", books=6)
    assert (await _limits(library, project="red", user_id="u"))["books"] == 6
    assert (await _set(library, "red", "u", books=4))["books"] == 4
    assert (await _limits(library, project="red", user_id="v"))["books"] == 6
    with pytest.raises(errors.LimitAboveProject, match="3 books are more than the 2 that are left"):
        await _set(library, "red", "v", books=3)
    with pytest.raises(errors.LimitAboveProject):
        await _set(library, "red", "v", books=-1)
    assert (await _set(library, "red", "v", books=2))["books"] == 2
    with pytest.raises(errors.LimitBelowUsage, match="5 books are fewer than the 6"):
        await _set(library, "red", books=5)  # below what its users were given
    with pytest.raises(errors.LimitBelowUsage, match="0 books are fewer than the 1"):
        await _set(library, "red", "u", books=0)
    await library.ask("DeleteQuota", project="red", user_id="u")
    assert (await _limits(library, project="red", user_id="u"))["books"] == 6
    assert (await _limits(library, project="red", user_id="v"))["books"] == 2


@pytest.mark.parametrize("rpc", ["GetQuota", "GetQuotaDefaults", "GetQuotaDetail"])
async def test_what_a_service_checks_first(library: Library, rpc: str) -> None:
    with pytest.raises(errors.UnknownProject):
        await library.ask(rpc, project="unknown")
    with pytest.raises(errors.UnknownProject):
        await _set(library, "unknown", books=1)
