"""Rally's scenarios, as the gate of rally-openstack runs them: one test a scenario."""

import json
import shutil
from functools import cached_property
from pathlib import Path

from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools import SourceTool, get_tool
from mopenstack.conformance.upstream.suite import LISTING_SECONDS, Suite, Test

DRIVER = Path(__file__).parent / "rally_driver.py"
SOURCE = "rally-openstack"
SERVICES = {
    "Keystone": "identity",
    "Authenticate": "identity",
    "Nova": "compute",
    "Neutron": "network",
    "Glance": "image",
    "Cinder": "block-storage",
    "Heat": "orchestration",
    "Swift": "object-store",
    "Octavia": "load-balancer",
}
"""How the classes of scenarios begin -> the service that they are about."""
OF_NAMES = {
    "nova": "compute",
    "cinder": "block-storage",
    "glance": "image",
    "neutron": "network",
    "heat": "orchestration",
    "octavia": "load-balancer",
}
"""Words of the names of Quotas.* and Authenticate.validate_* -> the service."""
DUMMIES = ("dummy_image.raw", "dummy_image.qcow2")
"""Images that the gate makes before its tasks run."""
GATE_HOME, GATE_IMAGE = "/opt/stack", "cirros-0.5.2-x86_64-disk"
"""What the templates of stacks name of the machine of the gate."""
DUMMY_BYTES = 1 << 16


def service_of(name: str) -> str:
    """By the scenario's class; Quotas are of the service that their name says."""
    kind, _, rest = name.partition(".")
    if kind == "Quotas":
        return OF_NAMES.get(rest.partition("_")[0], "")
    return next((service for prefix, service in SERVICES.items() if kind.startswith(prefix)), "")


def jobs() -> Path:
    """The task files."""
    tool = get_tool("rally")
    assert isinstance(tool, SourceTool)
    return tool.source(SOURCE) / "rally-jobs"


class Scenarios(Suite):
    """The scenarios of the task files; Rally's Python runs them by `rally_driver.py`."""

    @property
    def command(self) -> list[str]:
        """In Rally's environment."""
        return [str(self.python), "-P", "-W", "ignore", str(DRIVER), "run"]

    @cached_property
    def tests(self) -> list[Test]:
        """Every scenario; the list is kept beside the tool."""
        return [one.model_copy(update={"alone": True}) for one in Suite.tests.__get__(self)]

    def needs(self, test: Test) -> list[str]:
        """A scenario that looks at a token asks the service that it names, too."""
        word = test.name.rpartition("validate_")[2]
        other = [OF_NAMES[word]] if test.name.startswith("Authenticate.") and word in OF_NAMES else []
        return [*super().needs(test), *other]

    def _listed(self, folder: Path) -> str:
        said = run(
            [self.python, "-P", DRIVER, "list", jobs()],
            env=clean_environment(HOME=str(folder)),
            cwd=folder,
            seconds=LISTING_SECONDS,
            what="listing the scenarios of rally",
        )
        return said.strip().splitlines()[-1]


def specification(account: Account) -> dict[str, object]:
    """The cloud as Rally's platform `existing@openstack` describes it; as this administrator Rally makes its users."""
    variables = account.variables
    admin = {
        "username": variables["OS_USERNAME"],
        "password": variables["OS_PASSWORD"],
        "project_name": variables["OS_PROJECT_NAME"],
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    return {"existing@openstack": {"auth_url": account.auth_url, "region_name": "RegionOne", "admin": admin}}


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """A home with what the gate's tasks expect in `~/.rally/extra`."""
    assert cloud.admin is not None
    extra = folder / ".rally" / "extra"
    shutil.copytree(jobs() / "extra", extra)
    images = Session(cloud.admin).authenticate().list("image", "/v2/images", "images") or []
    boots = next((one["name"] for one in images if one["name"].startswith("cirros")), GATE_IMAGE)
    for path in extra.glob("*.template"):
        path.write_text(path.read_text().replace(GATE_HOME, str(folder)).replace(GATE_IMAGE, boots))
    for name in DUMMIES:
        (extra / name).write_bytes(bytes(DUMMY_BYTES))
    return {
        "HOME": str(folder),
        "RALLY_JOBS": str(jobs()),
        "RALLY_CLOUD": json.dumps(specification(cloud.admin)),
    }


SUITE = Scenarios(
    name="rally",
    tool="rally",
    packages=[],
    service_of=service_of,
    prepare=prepare,
    listing=lambda folder: {"HOME": str(folder)},
    # What the gate makes as images are no images, and the cloud is to fetch one from here; the gate has one host.
    options=["image.require_image_format_match=false", "image.web_download_hosts=127.0.0.1", "compute.hosts=1"],
    slowness=4,
)
