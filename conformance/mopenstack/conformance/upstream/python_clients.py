"""The functional tests of the Python clients of Designate, Barbican and Swift: their commands and their libraries.

Octavia's client has none; its commands are among the cases of daily work.
"""

import os
from pathlib import Path

from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import look
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.upstream import clouds_yaml, swift
from mopenstack.conformance.upstream.suite import Suite, source_of

TOOL = "python-clients"


def _values(account: Account, prefix: str) -> dict[str, str]:
    variables = account.variables
    return {
        f"{prefix}username": variables["OS_USERNAME"],
        f"{prefix}password": variables["OS_PASSWORD"],
        f"{prefix}project": variables.get("OS_PROJECT_NAME", ""),
    }


def _written(cloud: Cloud, name: str, path: Path, **values: str) -> None:
    """`data/<name>` with the accounts of a cloud in it."""
    if cloud.admin is None:
        raise CloudError("the clients' functional tests need an administrator (--admin-cloud)")
    known = {
        "auth_url": cloud.demo.auth_url,
        "region": cloud.demo.variables.get("OS_REGION_NAME", "RegionOne"),
        **_values(cloud.demo, ""),
        **_values(cloud.admin, "admin_"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(package_file("data", name).read_text().format(**known, **values))


def _nowhere() -> Cloud:
    return Cloud(name="none", demo=clouds_yaml.NOWHERE, admin=clouds_yaml.NOWHERE)


# -- Designate


def _designate(cloud: Cloud, folder: Path) -> dict[str, str]:
    """Tempest's configuration file, as far as the tests read it; they name no domain to the commands."""
    path = folder / "tempest.conf"
    _written(cloud, "designateclient.conf", path, directory=str(DESIGNATECLIENT.python.parent))
    domains = {"OS_USER_DOMAIN_ID": "default", "OS_PROJECT_DOMAIN_ID": "default"}
    return {"HOME": str(folder), "TEMPEST_CONFIG": str(path), **domains}


DESIGNATECLIENT = Suite(
    name="designateclient",
    tool=TOOL,
    packages=["designateclient.functionaltests"],
    service_of=lambda test: "dns",
    prepare=_designate,
    listing=lambda folder: {"HOME": str(folder)},
    slowness=4,
)

# -- Barbican


def _barbican(cloud: Cloud, folder: Path) -> dict[str, str]:
    """The configuration below the working directory."""
    session = look(cloud).session
    endpoint, project = session.endpoint("key-manager") or "", session.project_id
    return _barbican_environment(cloud, folder, endpoint, project)


def _barbican_environment(cloud: Cloud, folder: Path, endpoint: str, project: str) -> dict[str, str]:
    path = folder / "etc" / "functional_tests.conf"
    _written(cloud, "barbicanclient.conf", path, endpoint=endpoint, admin_project_id=project)
    return {**source_of(TOOL, "python-barbicanclient"), "HOME": str(folder)}


BARBICANCLIENT = Suite(
    name="barbicanclient",
    tool=TOOL,
    packages=["functionaltests"],
    service_of=lambda test: "key-manager",
    prepare=_barbican,
    listing=lambda folder: _barbican_environment(_nowhere(), folder, "", ""),
    slowness=2,
)

# -- Swift


def _swift(cloud: Cloud, folder: Path) -> dict[str, str]:
    """Swift's own test.conf; a test runs `openstack` from PATH."""
    path = f"{SWIFTCLIENT.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**swift.prepare(cloud, folder), **_swift_source(folder), "PATH": path}


def _swift_source(folder: Path) -> dict[str, str]:
    return {**source_of(TOOL, "python-swiftclient"), "HOME": str(folder)}


SWIFTCLIENT = Suite(
    name="swiftclient",
    tool=TOOL,
    packages=["test.functional"],
    service_of=lambda test: swift.SERVICE,
    prepare=_swift,
    listing=_swift_source,
    furnish=swift.furnish,
    further=swift.OWN_PORT,
    slowness=2,
)
