"""Rally's scenarios as cases: what the task files say, and what is asked of a cloud."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Account
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.upstream import rally_driver
from mopenstack.conformance.upstream.rally import SUITE, service_of, specification

GATE = """\
{% set flavor_name = "m1.tiny" %}
---
version: 2
title: of a gate
subtasks:
  - title: one workload
    scenario:
      NovaServers.boot_server: {flavor: {name: "{{ flavor_name }}"}, image: {name: "{{ image_name }}"}}
    runner:
      constant: {times: 2, concurrency: 1}
  - title: two workloads
    workloads:
      - scenario: {Quotas.nova_get: {}}
        runner: {constant: {times: 4, concurrency: 2}}
      - scenario: {GlanceImages.create_image: {image_location: "https://github.com/cirros-dev/c/releases/x.img"}}
        runner: {serial: {times: 1}}
      - scenario: {GlanceImages.import_image: {image_location: "https://github.com/cirros-dev/c/releases/x.img"}}
        runner: {serial: {times: 1}}
"""
OLDER = """\
HeatStacks.create_and_list_stack:
  - args: {template_path: "~/.rally/extra/default.yaml.template"}
    runner: {type: constant, times: 6, concurrency: 3}
    context: {users: {tenants: 2}}
    sla: {failure_rate: {max: 0}}
"""


def test_workloads_of_both_formats(tmp_path: Path) -> None:
    (tmp_path / "nova.yaml").write_text(GATE)
    (tmp_path / "heat.yaml").write_text(OLDER)
    found = dict(rally_driver.workloads(tmp_path / "nova.yaml", "http://127.0.0.1:9/x"))
    images = ["GlanceImages.create_image", "GlanceImages.import_image"]
    assert list(found) == ["NovaServers.boot_server", "Quotas.nova_get", *images]
    assert found["NovaServers.boot_server"] == {
        "scenario": {"NovaServers.boot_server": {"flavor": {"name": "m1.tiny"}, "image": {"name": "^cirros.*-disk$"}}},
        "runner": {"constant": {"times": 2, "concurrency": 1}},
    }
    image = found["GlanceImages.create_image"]["scenario"]["GlanceImages.create_image"]
    assert image == {"image_location": "~/.rally/extra/dummy_image.qcow2"}, "nothing is downloaded"
    fetched = found["GlanceImages.import_image"]["scenario"]["GlanceImages.import_image"]
    assert fetched == {"image_location": "http://127.0.0.1:9/x"}, "the cloud fetches it from here"
    assert dict(rally_driver.workloads(tmp_path / "heat.yaml", "")) == {
        "HeatStacks.create_and_list_stack": {
            "scenario": {"HeatStacks.create_and_list_stack": {"template_path": "~/.rally/extra/default.yaml.template"}},
            "runner": {"constant": {"times": 6, "concurrency": 3}},
            "contexts": {"users": {"tenants": 2}},
            "sla": {"failure_rate": {"max": 0}},
        }
    }


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("KeystoneBasic.create_user", "identity"),
        ("Authenticate.validate_nova", "identity"),
        ("Quotas.cinder_get", "block-storage"),
        ("Octavia.create_and_list_pools", "load-balancer"),
        ("Dummy.dummy", ""),
    ],
)
def test_the_service_of_a_scenario(name: str, service: str) -> None:
    assert service_of(name) == service


def test_rally_makes_its_users_as_the_administrator() -> None:
    variables = {"OS_AUTH_URL": "http://x", "OS_USERNAME": "a", "OS_PASSWORD": "b", "OS_PROJECT_NAME": "c"}
    said = specification(Account(variables=variables))["existing@openstack"]
    assert isinstance(said, dict)
    assert said["auth_url"] == "http://x"
    assert said["admin"]["project_name"] == "c"


def test_the_scenarios_that_are_promised_are_there() -> None:
    """21 of KeystoneBasic, 8 of Authenticate, and many of the other services; the lists fit them."""
    kinds = Counter(test.name.partition(".")[0] for test in SUITE.tests)
    assert (kinds.pop("KeystoneBasic"), kinds.pop("Authenticate")) == (21, 8)
    assert {"identity", "compute", "network", "image", "block-storage", "orchestration"} <= {
        test.service for test in SUITE.tests
    }
    passing = Ratchet.load("rally").passing
    assert sum(name.startswith(("KeystoneBasic.", "Authenticate.")) for name in passing) == 28
    assert len(passing) >= 28 + 40
    Ratchet.load("rally").check([test.name for test in SUITE.tests])
