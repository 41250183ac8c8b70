"""The JSON schemas that Glance publishes."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.image.schemas import SCHEMAS, image_breach


@pytest.mark.parametrize("name", sorted(SCHEMAS))
async def test_schemas_are_served(demo: Any, name: str) -> None:
    assert (await demo.get("image", f"/v2/schemas/{name}")).ok(200) == SCHEMAS[name]


async def test_unknown_schemas(demo: Any) -> None:
    (await demo.get("image", "/v2/schemas/nope")).refused(404, "The resource could not be found.")


async def test_an_answer_obeys_the_schema(demo: Any) -> None:
    image = (await demo.post("image", "/v2/images", {"name": "i", "foo": "bar"})).ok()
    assert image_breach(image) is None
