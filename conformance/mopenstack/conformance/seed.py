"""What a cloud offers to a test suite: found by looking, so that any cloud can be scored."""

from typing import NamedTuple

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import Features
from mopenstack.conformance.features import look as features_of
from mopenstack.conformance.openstack import Session

FLAVOR = "m1.acctest"
BALANCER_FLAVOR = "lb.acctest"
CLUSTER_IMAGE = "magnum"
# Gate of the provider's tests: what the cloud must have, and the variables that open the gate.
GATES: dict[str, tuple[str, dict[str, str]]] = {
    "LB": ("load-balancer", {"OS_LB_ENVIRONMENT": "1", "OS_LB_FLAVOR_NAME": BALANCER_FLAVOR}),
    "FW": ("extension:fwaas_v2", {"OS_FW_ENVIRONMENT": "1"}),
    "DNS": ("dns", {"OS_DNS_ENVIRONMENT": "1"}),
    "KeyManager": ("key-manager", {"OS_KEYMANAGER_ENVIRONMENT": "1"}),
    "ContainerInfra": (
        "container-infra",
        {"OS_CONTAINER_INFRA_ENVIRONMENT": "1", "OS_MAGNUM_IMAGE": CLUSTER_IMAGE, "OS_MAGNUM_FLAVOR": "99"},
    ),
    "VPN": ("extension:vpnaas", {"OS_VPN_ENVIRONMENT": "1"}),
    "SFS": ("sharev2", {"OS_SFS_ENVIRONMENT": "1"}),
    "Swift": ("object-store", {"OS_SWIFT_ENVIRONMENT": "1"}),
    "BGPVPN": ("extension:bgpvpn", {"OS_BGPVPN_ENVIRONMENT": "1"}),
    "Database": (
        "database",
        {"OS_DB_ENVIRONMENT": "1", "OS_DB_DATASTORE_VERSION": "8.0.32", "OS_DB_DATASTORE_TYPE": "mysql"},
    ),
    "Workflow": ("workflowv2", {"OS_WORKFLOW_ENVIRONMENT": "1"}),
    "Taas": ("extension:tap-mirror", {"OS_TAAS_ENVIRONMENT": "1"}),
    "Hypervisor": ("hypervisor", {}),
    "TransparentVLAN": ("extension:vlan-transparent", {"OS_TRANSPARENT_VLAN_ENVIRONMENT": "1"}),
    "OnlineResize": ("volumev3", {"OS_ONLINE_RESIZE": "1"}),
    "PortForwarding": ("extension:floating-ip-port-forwarding", {"OS_PORT_FORWARDING_ENVIRONMENT": "1"}),
}


class Seed(NamedTuple):
    """What was found in a cloud."""

    features: Features
    variables: dict[str, str]
    """The variables that the provider's tests ask for."""


def look(cloud: Cloud) -> Seed:
    """Look a cloud over, as an administrator where there is one."""
    features = features_of(cloud)
    variables = fixtures(features.session)
    if features.has("tls"):
        variables["OS_SSL_TESTS"] = "1"
    if features.has("hypervisor"):
        variables["OS_HYPERVISOR_HOSTNAME"] = features.hypervisors[0]
    for need, opened in GATES.values():
        if features.has(need):
            variables |= opened
    if features.has("load-balancer") and features.has("admin"):
        offer_flavor(features.session)
    if features.has("container-infra") and features.has("admin"):
        offer_image(features.session)
    return Seed(features, variables)


def with_binding_profiles(seed: Seed) -> Seed:
    """The administrator has the role `service`, too, which Neutron's policy wants where binding:profile is set.

    The suites' own gates run with older defaults or a policy file, by which every administrator may.
    """
    if not seed.features.has("admin"):
        return seed
    session = seed.features.session
    for role in session.list("identity", "/v3/roles?name=service", "roles") or []:
        session.send("PUT", "identity", f"/v3/projects/{session.project_id}/users/{session.user_id}/roles/{role['id']}")
    return seed


def offer_flavor(session: Session) -> None:
    """The flavor of load balancers that the provider's own set-up script makes."""
    if any(
        one["name"] == BALANCER_FLAVOR for one in session.list("load-balancer", "/v2/lbaas/flavors", "flavors") or []
    ):
        return
    data = '{"loadbalancer_topology": "SINGLE"}'
    profile = {"name": BALANCER_FLAVOR, "provider_name": "amphora", "flavor_data": data}
    made = session.send("POST", "load-balancer", "/v2/lbaas/flavorprofiles", {"flavorprofile": profile})
    if made.status == 201:
        flavor = {"name": BALANCER_FLAVOR, "flavor_profile_id": made.body["flavorprofile"]["id"]}
        session.send("POST", "load-balancer", "/v2/lbaas/flavors", {"flavor": flavor})


def offer_image(session: Session, name: str = CLUSTER_IMAGE, distribution: str = "fedora-coreos") -> None:
    """The image of cluster nodes that the provider's own set-up script uploads; here without the bytes."""
    if session.list("image", f"/v2/images?name={name}", "images"):
        return
    image = {"name": name, "disk_format": "qcow2", "container_format": "bare", "visibility": "public"}
    session.send("POST", "image", "/v2/images", {**image, "os_distro": distribution})


def fixtures(session: Session) -> dict[str, str]:
    """Image, flavor and networks, as the provider's own set-up script looks them up."""
    images = [one for one in session.list("image", "/v2/images", "images") or [] if "cirros" in one["name"].lower()]
    networks = session.list("network", "/v2.0/networks", "networks") or []
    flavors = session.list("compute", "/flavors", "flavors") or []
    external = [one for one in networks if one["router:external"]]
    private = [one for one in networks if one["name"] == "private"]
    flavor = [one for one in flavors if one["name"] == FLAVOR]
    found = {"a cirros image": images, "an external network": external, "a network named private": private}
    found[f"a flavor named {FLAVOR}"] = flavor
    missing = [what for what, entries in found.items() if not entries]
    if missing:
        raise CloudError(f"the provider's tests need {', '.join(missing)}, and the cloud has none")
    return {
        "OS_IMAGE_ID": images[0]["id"],
        "OS_IMAGE_NAME": images[0]["name"],
        "OS_FLAVOR_ID": flavor[0]["id"],
        "OS_FLAVOR_NAME": FLAVOR,
        "OS_NETWORK_ID": private[0]["id"],
        "OS_EXTGW_ID": external[0]["id"],
        "OS_POOL_NAME": external[0]["name"],
        "OS_DOMAIN_ID": "default",
    }
