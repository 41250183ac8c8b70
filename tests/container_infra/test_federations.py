"""Federations, of which there never are any."""

from __future__ import annotations

from tests.conftest import Cloud
from tests.container_infra.making import ask


async def test_there_is_none_of_a_name(cloud: Cloud) -> None:
    admin = await cloud.user("admin")
    for verb in ("GET", "DELETE"):
        refused = await ask(admin, verb, "/federations/blue")
        assert refused.refused(404)["errors"][0]["detail"] == "Federation blue could not be found."
