"""The functional tests of openstacksdk."""

from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.seed import offer_image
from mopenstack.conformance.upstream import clouds_yaml
from mopenstack.conformance.upstream.suite import Suite

PACKAGE = "openstack.tests.functional"
SERVICES = {
    "identity": "identity",
    "compute": "compute",
    "network": "network",
    "block_storage": "block-storage",
    "image": "image",
    "placement": "placement",
    "load_balancer": "load-balancer",
    "object_store": "object-store",
    "dns": "dns",
    "key_manager": "key-manager",
    "shared_file_system": "shared-file-system",
    "cloud": "cloud",
}
"""The packages of the services that are served; `cloud` is the layer that speaks with several."""


FLAVORS = {"m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"}
CLUSTER_IMAGE = "ubuntu-24.04-v1.35.4"
"""Of the nodes of clusters: the gate has the driver of the Cluster API."""
CIRROS = {"id": "c1", "name": "cirros256", "ram": 256, "disk": 1, "vcpus": 1}


def service_of(name: str) -> str:
    """By the package that holds the test."""
    return SERVICES.get(name.removeprefix(PACKAGE + ".").partition(".")[0], "")


def furnish(cloud: Cloud) -> None:
    """The cloud of the SDK's own gate: a DevStack that is not set up for Tempest, and is not empty.

    TestRangeSearch counts the flavors of such a DevStack. ShareReplicaTest replicates shares of the type dhss_false.
    TestUsage needs a server in the admin's project: the gate has the one that TestInventory made and tries to delete
    as another user.
    """
    assert cloud.admin is not None
    session = Session(cloud.admin).authenticate()

    def change(method: str, path: str, body: dict[str, Any] | None = None, service: str = "compute") -> None:
        answer = session.send(method, service, path, body)
        if answer.status not in (200, 202):
            raise CloudError(f"{method} {path}: {answer.status} {answer.body}")

    for flavor in session.list("compute", "/flavors", "flavors") or []:
        if flavor["name"] not in FLAVORS:
            change("DELETE", f"/flavors/{flavor['id']}")
    change("POST", "/flavors", {"flavor": CIRROS})
    image = (session.list("image", "/v2/images", "images") or [])[0]
    network = (session.list("network", "/v2.0/networks?router:external=true", "networks") or [])[0]
    server = {"name": "inventory", "imageRef": image["id"], "flavorRef": CIRROS["id"]}
    offer_image(session, CLUSTER_IMAGE, "ubuntu")
    change("POST", "/servers", {"server": {**server, "networks": [{"uuid": network["id"]}]}})
    for kind in session.list("sharev2", "/types", "share_types") or []:
        if kind["name"] == "dhss_false":
            specs = {"extra_specs": {"replication_type": "readable"}}
            change("POST", f"/types/{kind['id']}/extra_specs", specs, "sharev2")


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
    no_services=frozenset({"cloud"}),
    furnish=furnish,
    # An administrator of the new policies sets quotas, and secret stores are listed where there are several.
    options=[
        "container_infra.drivers=capi",
        "key_manager.enforce_new_defaults=true",
        "key_manager.secret_stores=two",
    ],
    realistic={"*.TestLoadBalancer.test_amphora_failover": "an amphora that is still there while it is replaced"},
)
