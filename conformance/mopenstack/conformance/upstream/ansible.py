"""Playbooks with Ansible's collection openstack.cloud: each is run twice, then with `state=absent`.

A playbook is a file of `data/playbooks/`; the `case` among its first play's variables says what it is about and needs.
"""

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.features import Feature
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.upstream import clouds_yaml
from mopenstack.conformance.upstream.suite import CloudWanted, Suite, Test

PLAYBOOKS = package_file("data", "playbooks")
ADMIN = "MOPENSTACK_CONFORMANCE_ADMIN"
"""The variable that names the administrator's entry of clouds.yaml, where the run has one."""


class Case(BaseModel):
    """What a playbook says of itself."""

    model_config = ConfigDict(extra="forbid")

    service: str
    user: Literal["demo", "admin"] = "demo"
    features: list[Feature] = []
    """What the cloud must have besides the service."""

    @property
    def needs(self) -> list[str]:
        """Everything that the cloud must have."""
        return [self.service, *self.features, *(["admin"] if self.user == "admin" else [])]


def read_case(playbook: Path) -> Case:
    """The `case` of a playbook; a ConformanceError where it has none."""
    plays = yaml.safe_load(playbook.read_text())
    said = (plays[0].get("vars") or {}).get("case")
    if said is None:
        raise ConformanceError(f"{playbook}: the first play has no variable `case`")
    return Case.model_validate(said)


class Playbook(Test):
    """A playbook as a test: each is a group of its own."""

    @property
    def group(self) -> tuple[str, CloudWanted]:
        """Playbooks share nothing."""
        return self.name, self.wants


def _service_of(name: str) -> str:
    return read_case(PLAYBOOKS / f"{name}.yml").service


def _listing(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder)}


class Playbooks(Suite):
    """The playbooks, run by this Python: it looks at the cloud beside the tool."""

    @property
    def command(self) -> list[str]:
        """`playbook_driver.py`, which starts the tool's `ansible-playbook`."""
        return [sys.executable, "-P", "-m", "mopenstack.conformance.upstream.playbook_driver"]

    @cached_property
    def tests(self) -> list[Test]:
        """A test a file."""
        return [
            Playbook(name=path.stem, module=str(path), service=read_case(path).service)
            for path in sorted(PLAYBOOKS.glob("*.yml"))
        ]


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """DevStack's entries in clouds.yaml, and an Ansible that says JSON."""
    environment = {
        "HOME": str(folder),
        "PATH": f"{SUITE.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "OS_CLIENT_CONFIG_FILE": str(clouds_yaml.write(folder, cloud)),
        "ANSIBLE_CONFIG": str(package_file("data", "ansible.cfg")),
        "ANSIBLE_HOME": str(folder / ".ansible"),
    }
    if cloud.admin is not None:
        environment[ADMIN] = "devstack-admin"
    return environment


SUITE = Playbooks(
    name="ansible",
    tool="ansible",
    packages=[],
    service_of=_service_of,
    listing=_listing,
    prepare=prepare,
    # A playbook starts a Python for each of its tasks, in three runs.
    slowness=5,
)
