"""The functional tests of openstacksdk."""

from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.model import Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.upstream import clouds_yaml
from mopenstack.conformance.upstream.runner import run_suite
from mopenstack.conformance.upstream.suite import Suite

PACKAGE = "openstack.tests.functional"
SERVICES = {
    "identity": "identity",
    "compute": "compute",
    "network": "network",
    "block_storage": "block-storage",
    "image": "image",
    "placement": "placement",
    "cloud": "cloud",
}
"""The packages of the services that are served; `cloud` is the layer that speaks with several."""


def service_of(name: str) -> str:
    """By the package that holds the test."""
    return SERVICES.get(name.removeprefix(PACKAGE + ".").partition(".")[0], "")


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """DevStack's entries in clouds.yaml, and what the tests shall boot."""
    path = clouds_yaml.write(folder, cloud)
    # A test uploads this file of the SDK's own checkout.
    (folder / "CONTRIBUTING.rst").write_text("Any text will do.\n")
    return {
        "HOME": str(folder),
        "OS_CLIENT_CONFIG_FILE": str(path),
        "OPENSTACKSDK_FUNC_TEST_TIMEOUT": "120",
        # What the SDK's own tox.ini says (unit tests get 5 s).
        "OS_TEST_TIMEOUT": "600",
    }


def _listing(folder: Path) -> dict[str, str]:
    return prepare(Cloud(name="none", demo=clouds_yaml.NOWHERE), folder)


SUITE = Suite(
    name="sdk",
    tool="openstacksdk",
    packages=[f"{PACKAGE}.{package}" for package in SERVICES],
    service_of=service_of,
    prepare=prepare,
    listing=_listing,
)


def run_sdk(options: Options) -> list[Result]:
    """The verdicts on the tests asked for."""
    return run_suite(SUITE, options)
