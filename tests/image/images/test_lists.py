"""Lists of images: filters, order, pages, what a project sees."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
DEAD = "00000000-0000-0000-0000-00000000dead"


async def make(user: User, **given: Any) -> Any:
    return (await user.post("image", "/v2/images", given)).ok(201)


async def names(user: User, query: str) -> list[str]:
    return [image["name"] for image in (await user.get("image", f"/v2/images?{query}")).ok(200)["images"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("name=a", ["a"]),
        ("name=in:a,b", ["b", "a"]),
        ('name=in:"a",b', ["b", "a"]),
        ("tag=x", ["b", "a"]),
        ("tag=x&tag=y", ["b"]),
        ("colour=red", ["a"]),
        ("disk_format=raw", ["a"]),
        ("min_ram_min=5", ["b"]),
        ("protected=true", ["b"]),
        ("os_hidden=true", ["hidden"]),
        ("visibility=private", ["b"]),
        ("visibility=all&owner=nobody", []),
        ("status=active&visibility=private", []),
        ("visibility=shared", ["a"]),
        ("created_at=gt:2020-01-01T00:00:00Z&visibility=private", ["b"]),
        ("created_at=lt:2020-01-01T00:00:00Z", []),
        ("checksum=x", []),
        ("visibility=community", ["c"]),
        ("sort=name:asc&visibility=all&os_hidden=false&container_format=ova", ["a", "b", "c"]),
        ("sort_key=name&sort_dir=desc&visibility=all&container_format=ova", ["c", "b", "a"]),
    ],
)
async def test_filters_and_order(demo: User, query: str, wanted: list[str]) -> None:
    ova = {"container_format": "ova"}
    await make(demo, name="a", tags=["x"], colour="red", disk_format="raw", **ova)
    await make(demo, name="b", tags=["x", "y"], protected=True, min_ram=7, visibility="private", **ova)
    await make(demo, name="c", visibility="community", **ova)
    await make(demo, name="hidden", os_hidden=True, **ova)
    assert await names(demo, query) == wanted


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("limit=-1", "limit param must be positive"),
        ("limit=abc", "limit param must be an integer"),
        (f"marker={DEAD}", f"No image found with ID {DEAD}"),
        ("sort_key=name&sort_dir=up", "Invalid sort direction: up"),
        (
            "sort=bogus:asc",
            (
                "Invalid sort key: bogus. It must be one of the following: name, status, container_format, "
                "disk_format, size, id, created_at, updated_at."
            ),
        ),
        ("sort_key=name&sort=name:asc", "Old and new sorting syntax cannot be combined"),
        ("visibility=zz", "Invalid visibility value: zz"),
        ("size_min=abc", "Unable to filter on a range with a non-numeric value."),
        ("protected=zz", "Invalid value 'zz' for 'protected' filter. Valid values are 'true' or 'false'."),
        ("member_status=zz", "Invalid status: zz"),
        ("os_hidden=zz", "Invalid value 'zz' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
        ("created_at=zz", 'Bad "created_at" query filter format. Use ISO 8601 DateTime notation.'),
    ],
)
async def test_refused_queries(demo: User, query: str, text: str) -> None:
    body = (await demo.get("image", f"/v2/images?{query}")).refused(400)
    assert body["message"] == f"{text}<br /><br />\n\n\n"


async def test_pages(demo: User) -> None:
    for name in "abc":
        await make(demo, name=name, visibility="private")
    query = "visibility=private&sort=name:asc&limit=2"
    first = (await demo.get("image", f"/v2/images?{query}")).ok()
    assert first["first"] == "/v2/images?visibility=private&sort=name%3Aasc&limit=2"
    assert first["schema"] == "/v2/schemas/images"
    second = (await demo.get("image", first["next"])).ok()
    assert [image["name"] for image in first["images"] + second["images"]] == ["a", "b", "c"]
    assert "next" not in second


async def test_a_page_has_25_images_if_not_said_otherwise(demo: User) -> None:
    for _ in range(26):
        await make(demo, visibility="private")
    page = (await demo.get("image", "/v2/images?visibility=private")).ok()
    assert (len(page["images"]), "next" in page) == (25, True)


async def test_community_images_of_others_are_listed_on_request_only(cloud: Cloud, demo: User, admin: User) -> None:
    image = await make(admin, name="c", visibility="community")
    assert await names(demo, "name=c") == []
    assert await names(demo, "name=c&visibility=community") == ["c"]
    assert (await demo.get("image", image["self"])).ok()["name"] == "c"


async def test_the_seed_has_an_image(demo: User) -> None:
    (image,) = (await demo.get("image", "/v2/images?visibility=public")).ok()["images"]
    assert (image["name"], image["status"]) == ("cirros-0.6.3-x86_64-disk", "active")
    assert image["virtual_size"] == 112 * 1024 * 1024
    content = (await demo.get("image", image["file"])).content
    assert len(content) == image["size"]
