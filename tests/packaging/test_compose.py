"""compose.yaml: as the schema demands, and its parts fit each other, the Dockerfile and the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.arguments import read_up
from tests.packaging.dockerfile import Image, read_dockerfile
from tests.packaging.schemas import valid

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.fixture(scope="module")
def image() -> Image:
    return read_dockerfile(ROOT / "Dockerfile")


def test_it_is_as_the_schema_demands(tmp_path: Path) -> None:
    """And one that is not is found."""
    valid("vendor.compose-spec", COMPOSE)
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("restart:", "restarts:"))
    with pytest.raises(AssertionError):
        valid("vendor.compose-spec", wrong)


def test_what_it_names_is_there(services: dict[str, Any]) -> None:
    """Volumes and services that it refers to; every volume is used."""
    whole = yaml.safe_load(COMPOSE.read_text())
    used = {volume.partition(":")[0] for one in services.values() for volume in one.get("volumes", [])}
    assert used == set(whole["volumes"])
    for one in services.values():
        assert set(one.get("depends_on", {})) <= set(services)
    assert "healthcheck" in services["postgresql"]


@pytest.mark.parametrize("name", ["mopenstack", "mopenstack-postgresql"])
def test_it_fits_the_image(services: dict[str, Any], image: Image, name: str) -> None:
    """Its ports, its volume, and what has to be writable of a root that is not."""
    service = services[name]
    assert {port.rpartition(":")[2] for port in service["ports"]} == {str(port) for port in image.ports}
    assert {volume.split(":")[1] for volume in service["volumes"]} == set(image.volumes)
    writable = {one.partition(":")[0] for one in service["tmpfs"]}
    assert image.environment["MOPENSTACK_STATE"] in writable
    assert f"uid={image.user[0]},gid={image.user[1]}" in " ".join(service["tmpfs"])
    # On this machine alone, unless somebody says otherwise.
    assert all("BIND:-127.0.0.1}" in port for port in service["ports"])


@pytest.mark.parametrize("name", ["mopenstack", "mopenstack-postgresql"])
def test_the_command_is_one(services: dict[str, Any], name: str) -> None:
    asked = read_up(services[name]["command"])
    assert (asked["host"], asked["port"], asked["grpc_port"], str(asked["data"])) == ("0.0.0.0", 8800, 8801, "/data")
    assert list(asked["admin_hosts"]) == ["mopenstack"]


def test_both_databases_have_one_password(services: dict[str, Any]) -> None:
    """The store's address is made of what PostgreSQL is told."""
    server = services["postgresql"]["environment"]
    store = services["mopenstack-postgresql"]["environment"]["MOPENSTACK_STORE"]
    found = re.fullmatch(r"postgresql://(\w+):(\$\{.*\})@(\w+)/(\w+)", store)
    assert found is not None
    assert found.groups() == (server["POSTGRES_USER"], server["POSTGRES_PASSWORD"], "postgresql", server["POSTGRES_DB"])
