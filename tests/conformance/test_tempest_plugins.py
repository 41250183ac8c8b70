"""Tempest's plugins: each has all of its parts, and its configuration is Tempest's with its own behind it."""

from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.cloud import running_host
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.runners import RUNNERS
from mopenstack.conformance.tools import TOOLS
from mopenstack.conformance.upstream.suite import Suite
from mopenstack.conformance.upstream.tempest_plugins import CINDER, KEYSTONE, NEUTRON

PLUGINS = [KEYSTONE, NEUTRON, CINDER]


@pytest.mark.parametrize("suite", PLUGINS, ids=lambda suite: suite.name)
def test_a_plugin_has_all_of_its_parts(suite: Suite) -> None:
    """A tool, a runner, a ratchet, and a slice whose patterns stand for tests that pass."""
    assert suite.tool in TOOLS
    assert RUNNERS[suite.name].tools == (suite.tool,)
    passing = Ratchet.load(suite.name).passing
    assert all(any(name.startswith(f"{package}.") for package in suite.packages) for name in passing)
    lines = package_file("data", "slices", f"{suite.name}-ci.txt").read_text().splitlines()
    for pattern in lines[1:]:
        assert any(fnmatchcase(name, pattern) for name in passing), pattern


def test_configurations(tmp_path: Path) -> None:
    """What a plugin's sections say counts; the rest is what Tempest itself is told of the cloud."""
    with running_host(AnswerLog()) as host:
        for suite in PLUGINS:
            folder = tmp_path / suite.name
            folder.mkdir()
            cloud = host.create_cloud(options=suite.options)
            assert suite.prepare(cloud, folder)["TEMPEST_CONFIG_DIR"] == str(folder)
            assert cloud.admin is not None
            read = ConfigParser(strict=False, interpolation=None)
            read.read(folder / "tempest.conf")
            assert read["identity"]["uri_v3"] == cloud.admin.auth_url
            if suite is not NEUTRON:
                service = suite.name.partition("-")[0]
                assert (read["auth"]["tempest_roles"], read["enforce_scope"][service]) == ("", "true")
            else:
                assert "filter-validation" in read["network-feature-enabled"]["api_extensions"]
                assert read["neutron_plugin_options"]["provider_vlans"] == "public"
