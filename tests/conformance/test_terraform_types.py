"""Every resource type and data source that the provider has for the served services is driven by a scenario."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mopenstack.conformance.imports import NOT_IMPORTABLE, NOT_TOLD, TOLD_TWICE
from mopenstack.conformance.paths import fixtures_folder
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.scenario import Scenario, Tree, discover
from mopenstack.conformance.tools import Provider, Terraform

SERVED = re.compile(
    "openstack_(bgpvpn|blockstorage|compute|containerinfra|dns|fw|identity|images|keymanager|lb|loadbalancer|networking"
    "|objectstorage|taas|vpnaas)_",
)
BLOCK = re.compile(r'^(resource|data) "(openstack_\w+)"', re.MULTILINE)
CONFIGURATION = """
terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `terraform providers schema -json` says of the provider."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "main.tf").write_text(CONFIGURATION)
    terraform = Terraform().require().path or Path("terraform")
    environment = clean_environment(TF_CLI_CONFIG_FILE=str(Provider().cli_config()), CHECKPOINT_DISABLE="1")
    run([terraform, "init", "-input=false"], cwd=folder, env=environment)
    said = json.loads(run([terraform, "providers", "schema", "-json"], cwd=folder, env=environment))
    (provider,) = said["provider_schemas"].values()
    found: dict[str, Any] = provider
    return found


def driven(scenarios: list[Scenario]) -> set[tuple[str, str]]:
    """Kind of block and type, of all that these scenarios declare."""
    files = [path for scenario in scenarios for path in scenario.folder.rglob("*.tf")]
    return {(found[1], found[2]) for path in files for found in BLOCK.finditer(path.read_text())}


def served(schemas: dict[str, Any]) -> set[str]:
    return {name for name in schemas if SERVED.match(name)}


WORKING = [scenario for scenario in discover(fixtures_folder()) if scenario.tree is not Tree.MISCONFIGURED]


@pytest.mark.parametrize(
    ("kind", "of", "count"), [("resource", "resource_schemas", 99), ("data", "data_source_schemas", 56)]
)
def test_every_type_is_driven(schema: dict[str, Any], kind: str, of: str, count: int) -> None:
    """In a scenario that must work."""
    wanted = served(schema[of])
    assert len(wanted) == count
    assert sorted(wanted - {name for one, name in driven(WORKING) if one == kind}) == []


def test_every_importable_type_is_imported(schema: dict[str, Any]) -> None:
    """In a scenario that imports all it has."""
    imported = {name for kind, name in driven([one for one in WORKING if one.expect.imports]) if kind == "resource"}
    assert NOT_IMPORTABLE.keys() <= served(schema["resource_schemas"])
    assert sorted(served(schema["resource_schemas"]) - imported - NOT_IMPORTABLE.keys()) == []


def test_what_an_import_passes_over_is_there(schema: dict[str, Any]) -> None:
    """An attribute or a nested block that the provider's schema has."""
    for kind, names in [*NOT_TOLD.items(), *((whole, (part,)) for whole, part in TOLD_TWICE.values())]:
        block = schema["resource_schemas"][kind]["block"]
        assert {name.partition("[")[0] for name in names} <= block["attributes"].keys() | block.get(
            "block_types", {}
        ).keys(), kind
