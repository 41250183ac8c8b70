"""Upstream suites have all of their parts; a plugin of Tempest's configuration is Tempest's with its own behind it."""

from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.cloud import running_host
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.runners import RUNNERS, suites
from mopenstack.conformance.tools import TOOLS
from mopenstack.conformance.upstream import swift
from mopenstack.conformance.upstream.suite import Suite
from mopenstack.conformance.upstream.tempest_plugins import (
    BARBICAN,
    CINDER,
    DESIGNATE,
    KEYSTONE,
    NEUTRON,
    OCTAVIA,
)

PLUGINS = [KEYSTONE, NEUTRON, CINDER, OCTAVIA, BARBICAN, DESIGNATE]
SUITES = [one for one in suites() if one.name != "tempest"]
"""Of Tempest itself every change runs the interop guideline's tests."""


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_has_all_of_its_parts(suite: Suite) -> None:
    """A tool, a runner, a ratchet, and a slice whose patterns stand for tests that pass."""
    assert suite.tool in TOOLS
    assert RUNNERS[suite.name].tools == (suite.tool,)
    passing = Ratchet.load(suite.name).passing
    if suite.packages:
        assert all(name.startswith(tuple(f"{package}." for package in suite.packages)) for name in passing)
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
                enforced = str(suite is not DESIGNATE).lower()
                assert (read["auth"]["tempest_roles"], read["enforce_scope"][service]) == ("", enforced)
            else:
                assert "filter-validation" in read["network-feature-enabled"]["api_extensions"]
                assert read["neutron_plugin_options"]["provider_vlans"] == "public"
            if suite is OCTAVIA:
                assert "noop_driver:" in read["load_balancer"]["enabled_provider_drivers"]
                assert read["service_available"]["barbican"] == "True"


def test_swift_test_conf(tmp_path: Path) -> None:
    """Swift is at the root of a port, and the users of its sample configuration have EC2 credentials."""
    with running_host(AnswerLog(), further=swift.OWN_PORT) as host:
        cloud = host.default_cloud()
        swift.furnish(cloud)
        path = swift.prepare(cloud, tmp_path)["SWIFT_TEST_CONFIG_FILE"]
    read = ConfigParser(interpolation=None)
    read.read(path)
    assert read["s3api_test"]["endpoint"] == cloud.ports["object-store"]
    assert read["func_test"]["auth_uri"] == f"{cloud.ports['object-store']}/auth/v1.0"
    assert read["func_test"]["s3_access_key"] == read["s3api_test"]["access_key1"]
