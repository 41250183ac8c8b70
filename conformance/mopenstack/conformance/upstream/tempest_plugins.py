"""Tempest's plugins by OpenStack's projects: their tests of APIs and of who may do what.

The plugins' scenario tests are no cases where they log in to guests, or need an identity provider beside the cloud.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import Features, look
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.seed import offer_image
from mopenstack.conformance.upstream import tempest
from mopenstack.conformance.upstream.suite import Setting, Suite, as_it_is


def _plugin(
    name: str,
    service: str,
    packages: list[str],
    options: list[str],
    further: Callable[[Features], dict[str, str]] = tempest.nothing_further,
    furnish: Callable[[Cloud], None] = as_it_is,
    words: Sequence[str] = (),
    realistic: dict[str, str] | None = None,
    alone: dict[str, str] | None = None,
    listing: Callable[[Path], dict[str, str]] = tempest.listing,
    tool: str = "",
    settings: dict[str, list[str]] | None = None,
) -> Suite:
    """A plugin's suite; its part of the configuration is `data/<name>.conf`, with the values of `further` in it.

    `settings` are names of further files in `data` -> patterns of the tests that are run with them as well.
    """
    return Suite(
        name=name,
        tool=tool or name,
        packages=packages,
        service_of=lambda test: service,
        prepare=partial(tempest.prepare, plugin=name, further=further),
        listing=listing,
        options=options,
        furnish=furnish,
        further=list(words),
        not_run=tempest.needs_guest(),
        realistic=realistic or {},
        alone=alone or {},
        settings={
            key: Setting(prepare=partial(tempest.prepare, plugin=name, setting=key, further=further), tests=tests)
            for key, tests in (settings or {}).items()
        },
    )


KEYSTONE = _plugin(
    "keystone-tempest-plugin",
    "identity",
    ["keystone_tempest_plugin.tests.api", "keystone_tempest_plugin.tests.rbac"],
    [],
)
NEUTRON = _plugin(
    "neutron-tempest-plugin",
    "network",
    [
        "neutron_tempest_plugin.api",
        "neutron_tempest_plugin.bgpvpn.api",
        "neutron_tempest_plugin.fwaas.api",
        "neutron_tempest_plugin.neutron_dynamic_routing.api",
        "neutron_tempest_plugin.sfc.tests.api",
        "neutron_tempest_plugin.tap_as_a_service.api",
        "neutron_tempest_plugin.vpnaas.api",
    ],
    # As the plugin's own gate configures Neutron: ranges of segmentation ids are of VXLAN, classes of tests keep all of
    # their routers, floating IPs and groups to the end, and the DHCP agents have ports.
    [
        "network.dhcp_port=dhcp",
        "network.project_network_type=vxlan",
        "network.quotas=router=100,floatingip=500,security_group=150,security_group_rule=1000",
    ],
)
CINDER = _plugin(
    "cinder-tempest-plugin",
    "block-storage",
    ["cinder_tempest_plugin.api", "cinder_tempest_plugin.rbac"],
    ["volume.replicating_backends=lvmdriver-1"],
)


NOOP = "noop_driver"
"""The provider that takes whatever Octavia itself does: the others refuse algorithms that a sixth of the tests want."""
NOOP_FLAVOR = "expected_flavor_capability = amp_image_tag:The glance image tag to use for this load balancer."
NOOP_ZONE = (
    "expected_availability_zone_capability = compute_zone:The compute availability zone to use for this loadbalancer."
)
ZONES = ("zone1", "zone2", "zone3")


def _zones(cloud: Cloud) -> None:
    """A host in each of three availability zones."""
    session = look(cloud, cloud.admin).session
    hosts = session.list("compute", "/os-hypervisors", "hypervisors") or []
    for zone, host in zip(ZONES, hosts, strict=False):
        made = session.send(
            "POST", "compute", "/os-aggregates", {"aggregate": {"name": zone, "availability_zone": zone}}
        )
        if made.status != 200:
            raise CloudError(f"no aggregate {zone}: {made.status} {made.body}")
        path = f"/os-aggregates/{made.body['aggregate']['id']}/action"
        added = session.send("POST", "compute", path, {"add_host": {"host": host["hypervisor_hostname"]}})
        if added.status != 200:
            raise CloudError(f"no host in {zone}: {added.status} {added.body}")


def _octavia(features: Features) -> dict[str, str]:
    """Octavia's drivers as the cloud describes them, zones of Nova, and whether there are certificates."""
    session = features.session
    found = session.list("load-balancer", "/v2/lbaas/providers", "providers") or []
    zones = session.list("compute", "/os-availability-zone", "availabilityZoneInfo") or []
    names = sorted((one["zoneName"] for one in zones), key=lambda name: (name not in ZONES, name))
    noop = NOOP in {one["name"] for one in found}
    return {
        "provider": NOOP if noop else "octavia",
        "flavor_capability": NOOP_FLAVOR if noop else "",
        "zone_capability": NOOP_ZONE if noop else "",
        "providers": ",".join(f"{one['name']}:{one['description']}" for one in found),
        "has_barbican": str(features.has("key-manager")),
        **{f"zone{number}": name for number, name in enumerate((*names, "", "", "")[:3], 1)},
    }


OCTAVIA = _plugin(
    "octavia-tempest-plugin",
    "load-balancer",
    ["octavia_tempest_plugin.tests.api"],
    # A member may keep the certificates of listeners.
    [
        "compute.hosts=3",
        "key_manager.enforce_new_defaults=true",
        "load_balancer.providers=amphora,octavia,ovn,noop_driver",
    ],
    _octavia,
    _zones,
)
BARBICAN = _plugin(
    "barbican-tempest-plugin",
    "key-manager",
    ["barbican_tempest_plugin.tests"],
    # As devstack's plugin configures Barbican with BARBICAN_ENFORCE_SCOPE. The image that is signed is any bytes.
    [
        "key_manager.enforce_new_defaults=true",
        "key_manager.secret_stores=two",
        "image.require_image_format_match=false",
    ],
)
DESIGNATE = _plugin(
    "designate-tempest-plugin",
    "dns",
    ["designate_tempest_plugin.tests"],
    [],
    words=["--dns-port", "0"],
    realistic={
        "designate_tempest_plugin.tests.api.v2.test_recordset.RecordsetsTest.test_show_recordsets": (
            "compares a record set that is still PENDING with one shown later"
        ),
    },
)


def _heat(features: Features) -> dict[str, str]:
    """A network and a subnet of the demo project, by their names; and its credentials, as a secret that it may read."""
    return {"fixed_network": "private", "fixed_subnet": "private-subnet", **_remote(features.session)}


def _remote(session: Session) -> dict[str, str]:
    """What a stack in another cloud is made with: here the same cloud is the other one."""
    users = session.list("identity", "/v3/users?name=demo", "users")
    if session.endpoint("key-manager") is None or not users:
        return {"credential": "", "multi_cloud": "false"}
    auth = {
        "auth_url": f"{session.catalog['identity']}/v3",
        "username": "demo",
        "password": "secret",
        "project_name": "demo",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    payload = json.dumps({"auth_type": "v3password", "auth": auth})
    body = {"name": "remote cloud", "payload": payload, "payload_content_type": "text/plain"}
    made = session.send("POST", "key-manager", "/v1/secrets", body)
    if made.status != 201:
        raise CloudError(f"no secret for the remote cloud: {made.status} {made.body}")
    secret = str(made.body["secret_ref"]).rpartition("/")[2]
    readers = {"read": {"users": [users[0]["id"]]}}
    granted = session.send("PUT", "key-manager", f"/v1/secrets/{secret}/acl", readers)
    if granted.status != 200:
        raise CloudError(f"the secret for the remote cloud is not shared: {granted.status} {granted.body}")
    return {"credential": secret, "multi_cloud": "true"}


HEAT = _plugin(
    "heat-tempest-plugin",
    "orchestration",
    [
        "heat_tempest_plugin.tests.api",
        "heat_tempest_plugin.tests.functional",
        "heat_tempest_plugin.tests.scenario",
    ],
    ["orchestration.enable_stack_abandon=true", "orchestration.enable_stack_adopt=true"],
    _heat,
)


def _cluster_image(cloud: Cloud) -> None:
    """The image of cluster nodes, under the name that the plugin looks for."""
    offer_image(look(cloud, cloud.admin).session, "fedora-coreos-latest")


MAGNUM = _plugin(
    "magnum-tempest-plugin",
    "container-infra",
    ["magnum_tempest_plugin.tests"],
    [],
    furnish=_cluster_image,
    alone={
        "magnum_tempest_plugin.tests.api.v1.test_cluster.ClusterTest.*": (
            "the first test deletes the user that the class made; services that keep tokens for minutes do not notice"
        )
    },
)
MANILA = _plugin(
    "manila-tempest-plugin",
    "shared-file-system",
    ["manila_tempest_tests.tests.api"],
    # A member may keep the keys of encrypted shares.
    ["key_manager.enforce_new_defaults=true", "shared_file_system.driver=any"],
    realistic={
        f"manila_tempest_tests.tests.api.{test}": "asks for another task while the first one is under way"
        for test in (
            "test_backup_negative.ShareBackupNegativeTest.test_create_backup_when_share_is_in_backup_creating_state",
        )
    },
    listing=partial(tempest.listing_as_configured, plugin="manila-tempest-plugin"),
    settings={
        "manila-cephfs": [
            "*.ShareCephxRulesForCephFS*",
            "*.SharesMetadataCEPHFSTest.*",
        ],
        "manila-no-servers": [
            "*.admin.test_replication_actions.*",
            "*.admin.test_share_groups.*.test_default_share_group_type_applied_*",
            "*.admin.test_share_manage.*.test_manage_show_user_id",
            "*.admin.test_share_manage.*.test_manage_with_is_public_True",
            "*.admin.test_share_manage.*.test_manage_with_os_share_manage_url",
            "*.admin.test_snapshot_manage.*.test_manage_different_versions_?_2_1?",
            "*.test_share_transfers*",
        ],
    },
)
"""Of its tests, some want back ends that make no share servers, which Manila's gate runs in jobs of their own."""
MANILA_RBAC = _plugin(
    "manila-rbac",
    "shared-file-system",
    ["manila_tempest_tests.tests.rbac"],
    ["shared_file_system.driver=any"],
    listing=partial(tempest.listing_as_configured, plugin="manila-rbac"),
    tool="manila-tempest-plugin",
)
"""Its classes cannot make share networks: the back ends must not want any."""
MISTRAL = _plugin(
    "mistral-tempest-plugin",
    "workflow",
    ["mistral_tempest_tests.tests.api"],
    [],
)
