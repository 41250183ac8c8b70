"""What Horizon's Selenium tests are told of a cloud, and what the tool is made of."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.cloud import running_host
from mopenstack.conformance.features import look
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.tools.horizon import Horizon
from mopenstack.conformance.upstream import horizon
from tests.conformance.stand_ins import program

THEIRS = """\
[dashboard]
auth_url=http://localhost/identity/v3
help_url=https://docs.openstack.org/
[selenium]
implicit_wait=30
[image]
images_list=cirros-0.0
[launch_instances]
image_name=cirros-0.0 (20.7 MB)
[identity]
username=demo
password=secretadmin
[services_regions]
region_one_name=regionOne
region_two_name=regionTwo
region_btn_text_pattern={region}
"""


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Programs that tell a version as Chromium and its driver do."""
    paths = {}
    for name in ("chromium", "chromedriver"):
        paths[name] = str(program(tmp_path, name, "print('Chrome 1.2.3')"))
        monkeypatch.setenv(f"MOPENSTACK_{name.upper()}", paths[name])
    return paths


def test_the_configuration_of_a_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: dict[str, str]) -> None:
    """The one that comes with the tests, but for what is otherwise here; the cloud gets what two tests ask for."""
    theirs = tmp_path / "theirs.conf"
    theirs.write_text(THEIRS)
    monkeypatch.setattr(Horizon, "selenium_configuration", theirs)
    with running_host(AnswerLog()) as host:
        cloud = host.create_cloud(regions=horizon.REGIONS)
        horizon.furnish(cloud)
        session = look(cloud).session
        names = {one["id"]: one["name"] for one in session.list("identity", "/v3/services", "services") or []}
        endpoints = session.list("identity", "/v3/endpoints", "endpoints") or []
        assert {one["region_id"] for one in endpoints} == set(horizon.REGIONS)
        assert all(one["name"] == names[one["service_id"]] for one in endpoints)
        providers = session.list("identity", "/v3/OS-FEDERATION/identity_providers", "identity_providers") or []
        assert [one["id"] for one in providers] == [horizon.PROVIDER]
        environment = horizon.prepare(cloud, tmp_path)
        told = ConfigParser(interpolation=None)
        told.read(environment["HORIZON_INTEGRATION_TESTS_CONFIG_FILE"])
        assert environment["MOPENSTACK_CHROMEDRIVER"] == browser["chromedriver"]
        assert environment["MOPENSTACK_HORIZON_KEYSTONE"] == told["dashboard"]["auth_url"] == cloud.demo.auth_url
        assert told["dashboard"]["help_url"] == "https://docs.openstack.org/"
        assert told["launch_instances"]["image_name"] == f"{told['image']['images_list']} (1.0 MB)"
        assert (told["identity"]["username"], told["identity"]["admin_username"]) == ("demo", "admin")
        assert told["selenium"]["implicit_wait"] == "30"
        assert {told["services_regions"][f"region_{which}_name"] for which in ("one", "two")} == set(horizon.REGIONS)


def test_every_test_is_of_a_service() -> None:
    """A module of a newer Horizon that is not known is an error, not a test that is left out."""
    assert {horizon.service_of(name) for name in Ratchet.load("horizon").passing} <= set(horizon.SERVICES.values())
    with pytest.raises(KeyError):
        horizon.service_of(f"{horizon.PACKAGE}.test_new_panel.test_it")


@pytest.mark.parametrize("name", ["chromium", "chromedriver"])
def test_without_a_browser_the_tool_is_missing(
    monkeypatch: pytest.MonkeyPatch, browser: dict[str, str], name: str
) -> None:
    """Its cases are not run then."""
    monkeypatch.setenv(f"MOPENSTACK_{name.upper()}", "/nowhere/at/all")
    status = Horizon().find()
    assert not status.found
    assert f"{name} is missing" in status.missing
