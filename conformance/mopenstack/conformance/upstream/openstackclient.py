"""The functional tests of the `openstack` command line: every command in a process of its own."""

import os
from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.upstream import clouds_yaml
from mopenstack.conformance.upstream.suite import Suite

PACKAGE = "openstackclient.tests.functional"
SERVICES = {
    "identity.v3": "identity",
    "compute.v2": "compute",
    "network.v2": "network",
    "volume.v3": "block-storage",
    "image.v2": "image",
    "object.v1": "object-store",
    "common": "common",
}
"""The packages of the dead APIs (identity v2, volume v2) and of services that are not served are no cases."""


def service_of(name: str) -> str:
    """By the package that holds the test."""
    rest = name.removeprefix(PACKAGE + ".")
    return next((service for package, service in SERVICES.items() if rest.startswith(package + ".")), "")


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """The tests drop every OS_* variable: they read clouds.yaml, and find `openstack` on PATH.

    A run starts the command some thousand times. What it keeps from one start to the next (the entry points of its
    environment, compiled modules) lies beside the tool, not in the folder of one cloud.
    """
    clouds_yaml.write(folder, cloud)
    return {
        "HOME": str(folder),
        "PATH": f"{SUITE.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "XDG_CACHE_HOME": str(SUITE.python.parent.parent / ".cache"),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def _listing(folder: Path) -> dict[str, str]:
    return prepare(Cloud(name="none", demo=clouds_yaml.NOWHERE), folder)


SUITE = Suite(
    name="openstackclient",
    tool="openstackclient",
    packages=[f"{PACKAGE}.{package}" for package in SERVICES],
    service_of=service_of,
    prepare=prepare,
    listing=_listing,
    no_services=frozenset({"common"}),
    # A test starts up to forty processes, and looks again after 5 or 10 s.
    slowness=4,
    realistic={
        f"{PACKAGE}.compute.v2.test_server.ServerTests.test_server_create_with_security_group": (
            "what a server that is still building shows of its security groups: those of the request"
        )
    },
)
