"""A cloud like a Sovereign Cloud Stack: each requirement of the IaaS standards that needs no guest.

docs/scs.md names these tests in its table; one of them holds the table against this file.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import pytest_asyncio

from tests.client import User
from tests.conftest import Cloud

TABLE = Path(__file__).parent.parent / "docs" / "scs.md"
MANDATORY = (
    *("SCS-1V-4", "SCS-2V-8", "SCS-4V-16", "SCS-4V-16-100s", "SCS-8V-32", "SCS-1V-2", "SCS-2V-4", "SCS-2V-4-20s"),
    *("SCS-4V-8", "SCS-8V-16", "SCS-16V-32", "SCS-1V-8", "SCS-2V-16", "SCS-4V-32", "SCS-1L-1"),
)
RECOMMENDED = (
    *("SCS-1V-4-10", "SCS-2V-8-20", "SCS-4V-16-50", "SCS-8V-32-100", "SCS-1V-2-5", "SCS-2V-4-10", "SCS-4V-8-20"),
    *("SCS-8V-16-50", "SCS-16V-32-100", "SCS-1V-8-20", "SCS-2V-16-50", "SCS-4V-32-100", "SCS-1L-1-5"),
)
_NAME = re.compile(r"SCS-(?P<cpus>\d+)(?P<cpu>[LV])-(?P<ram>\d+)(?:-(?P<disk>\d+)(?P<type>s?))?")
_CPU = {"V": "shared-core", "L": "crowded-core"}
_FREQUENCIES = ("yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never")


@pytest_asyncio.fixture
async def scs(cloud: Cloud) -> AsyncIterator[Cloud]:
    name = f"{cloud.name}-scs"
    (await cloud.admin_api.post("_mopenstack", "/clouds", {"name": name, "seed_calls": [{"like": "scs"}]})).ok(201)
    yield Cloud(name, cloud.serving, cloud.session)
    await cloud.serving.administration.delete_cloud(name)


@pytest_asyncio.fixture
async def demo(scs: Cloud) -> User:
    """A user who is member of a project, and no more."""
    return await scs.user("demo")


async def _flavors(demo: User) -> dict[str, Any]:
    headers = {"OpenStack-API-Version": "compute 2.90"}
    found = (await demo.get("compute", "/v2.1/flavors/detail", headers=headers)).ok()["flavors"]
    return {one["name"]: one for one in found}


async def _images(demo: User) -> list[Any]:
    found: list[Any] = (await demo.get("image", "/v2/images?visibility=public")).ok()["images"]
    assert found
    return found


async def _catalog(demo: User) -> set[str]:
    return {one["type"] for one in (await demo.get("identity", "/v3/auth/catalog")).ok()["catalog"]}


async def test_flavor_names_say_what_they_are(demo: User) -> None:
    """scs-0100: names that begin with SCS- follow the syntax, and promise what the flavor has."""
    flavors = [one for name, one in (await _flavors(demo)).items() if name.startswith("SCS-")]
    assert flavors
    for flavor in flavors:
        read = _NAME.fullmatch(flavor["name"])
        assert read is not None, flavor["name"]
        told = int(read["cpus"]), int(read["ram"]) * 1024, int(read["disk"] or 0)
        assert told == (flavor["vcpus"], flavor["ram"], flavor["disk"])


@pytest.mark.parametrize("names", [MANDATORY, RECOMMENDED], ids=["mandatory", "recommended"])
async def test_standard_flavors(demo: User, names: tuple[str, ...]) -> None:
    """scs-0103: they are there, with their extra specs."""
    flavors = await _flavors(demo)
    for name in names:
        read = _NAME.fullmatch(name)
        assert read is not None
        specs = flavors[name]["extra_specs"]
        assert specs["scs:name-v2"] == name
        assert specs["scs:name-v1"] == name.replace("-", ":").replace("SCS:", "SCS-")
        assert specs["scs:cpu-type"] == _CPU[read["cpu"]]
        disk = {"s": "ssd", "": "network"}[read["type"] or ""] if read["disk"] else None
        assert specs.get("scs:disk0-type") == disk


async def test_flavors_and_images_give_entropy(demo: User) -> None:
    """scs-0101: flavors allow a random number generator, images name its model."""
    assert all(one["extra_specs"]["hw_rng:allowed"] == "true" for one in (await _flavors(demo)).values())
    assert all(one["hw_rng_model"] == "virtio" for one in await _images(demo))


async def test_image_metadata(demo: User) -> None:
    """scs-0102: the mandatory properties of each public image, and their values."""
    for image in await _images(demo):
        assert image["architecture"] in ("x86_64", "aarch64", "risc-v")
        assert image["os_hash_algo"] in ("sha256", "sha512")
        assert image["min_disk"] * 1024**3 >= image["size"] > 0
        assert image["min_ram"] >= 64
        assert image["os_version"]
        assert image["os_distro"] == image["os_distro"].lower()
        assert image["os_purpose"] in ("generic", "minimal", "k8snode", "gpu", "network", "custom")
        assert image["hw_disk_bus"] in ("virtio", "scsi")
        assert image["hypervisor_type"] in ("qemu", "kvm", "xen", "hyper-v", "esxi")
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", image["image_build_date"])
        assert image["image_build_date"] <= image["created_at"][:10]
        assert image["image_original_user"]
        assert image["image_source"].startswith("https://")
        assert image["image_description"]
        assert image["replace_frequency"] in _FREQUENCIES
        assert re.fullmatch(r"none|notice|\d{4}-\d{2}-\d{2}", image["provided_until"])
        assert re.fullmatch(r"none|notice|forever|last-\d+|\d{4}-\d{2}-\d{2}", image["uuid_validity"])


async def test_one_generic_image_of_each_system(demo: User) -> None:
    """scs-0102: of an architecture, a distribution and a version at most one image is the generic one."""
    generic = [one for one in await _images(demo) if one["os_purpose"] == "generic"]
    counted = Counter((one["architecture"], one["os_distro"], one["os_version"]) for one in generic)
    assert set(counted.values()) == {1}


async def test_standard_images(demo: User) -> None:
    """scs-0104: the mandatory image and the recommended ones, out of their sources."""
    sources = {one["name"]: one["image_source"] for one in await _images(demo)}
    assert sources["Ubuntu 24.04"].startswith("https://cloud-images.ubuntu.com/noble/")
    assert sources["Debian 12"].startswith("https://cloud.debian.org/images/cloud/bookworm/")
    (capi,) = (name for name in sources if re.fullmatch(r"ubuntu-capi-image-v\d+\.\d+(\.\d+)?", name))
    assert "/openstack-k8s-capi-images/ubuntu-2204-kube" in sources[capi]


async def test_volume_types_tell_their_aspects(demo: User) -> None:
    """scs-0114: sorted, each once, and one type that encrypts and one that replicates."""
    found = (await demo.get("volume", f"/v3/{demo.project_id}/types")).ok()["volume_types"]
    told = [re.match(r"\[scs:([^\[\]]*)\]", one["description"] or "") for one in found]
    aspects = [[part.strip() for part in one[1].split(",")] for one in told if one]
    assert all(one == sorted(set(one)) for one in aspects)
    assert set().union(*aspects) == {"encrypted", "replicated"}


async def test_a_volume_of_the_encrypted_type_is_encrypted(demo: User) -> None:
    """scs-0114: what the description says is so."""
    volume = {"name": "secret", "size": 1, "volume_type": "LUKS"}
    made = (await demo.post("volume", f"/v3/{demo.project_id}/volumes", {"volume": volume})).ok(202)["volume"]
    assert made["encrypted"] is True


async def test_default_rules_of_security_groups(demo: User) -> None:
    """scs-0115: no ingress but from the default group itself, egress everywhere by both versions of IP."""
    found = (await demo.get("network", "/v2.0/default-security-group-rules")).ok()["default_security_group_rules"]
    for rule in found:
        if rule["direction"] == "ingress":
            assert (rule["remote_group_id"], rule["used_in_non_default_sg"]) == ("PARENT", False)
    for version in ("IPv4", "IPv6"):
        egress = [one for one in found if (one["direction"], one["ethertype"]) == ("egress", version)]
        assert any(one["used_in_default_sg"] and not one["remote_ip_prefix"] for one in egress)
        assert any(one["used_in_non_default_sg"] and not one["remote_ip_prefix"] for one in egress)


async def test_members_keep_secrets(scs: Cloud) -> None:
    """scs-0116: there is a key manager, and the role member is enough for it."""
    member = await scs.user("demo", "invisible_to_admin")
    assert "key-manager" in await _catalog(member)
    secret = {"name": "one", "payload_content_type": "text/plain", "secret_type": "opaque", "payload": "foo"}
    made = (await member.post("key-manager", "/v1/secrets", secret)).ok(201)
    path = "/v1/secrets/" + made["secret_ref"].rpartition("/")[2]
    assert [one["name"] for one in (await member.get("key-manager", "/v1/secrets")).ok()["secrets"]] == ["one"]
    (await member.delete("key-manager", path)).ok(204)


async def test_volumes_are_backed_up_and_restored(demo: User) -> None:
    """scs-0117."""
    place = f"/v3/{demo.project_id}"
    volume = (await demo.post("volume", f"{place}/volumes", {"volume": {"name": "v", "size": 1}})).ok(202)["volume"]
    asked = {"backup": {"name": "b", "volume_id": volume["id"]}}
    backup = (await demo.post("volume", f"{place}/backups", asked)).ok(202)["backup"]
    path = f"{place}/backups/{backup['id']}"
    assert (await demo.get("volume", path)).ok()["backup"]["status"] == "available"
    restored = (await demo.post("volume", f"{path}/restore", {"restore": {"name": "r"}})).ok(202)["restore"]
    found = (await demo.get("volume", f"{place}/volumes/{restored['volume_id']}")).ok()["volume"]
    assert (found["name"], found["status"]) == ("r", "available")


async def test_zones_are_of_one_storage(demo: User) -> None:
    """scs-0121: storage that replicates over all fire zones has one zone."""
    found = (await demo.get("volume", f"/v3/{demo.project_id}/os-availability-zone")).ok()["availabilityZoneInfo"]
    assert len(found) == 1


async def test_mandatory_services(demo: User) -> None:
    """scs-0123: they are in the catalog."""
    found = await _catalog(demo)
    assert {"compute", "identity", "image", "network", "load-balancer", "placement", "object-store-s3"} <= found
    assert found & {"block-storage", "volumev3"}


async def test_s3_shows_the_containers_of_swift(scs: Cloud, demo: User) -> None:
    """scs-0123: by EC2 credentials that a user made, at the root of the object store's address."""
    blob = {"access": "scsaccess", "secret": "scssecret"}
    credential = {"type": "ec2", "blob": json.dumps(blob), "user_id": demo.user_id, "project_id": demo.project_id}
    (await demo.post("identity", "/v3/credentials", {"credential": credential})).ok(201)
    (await demo.put("object-store", f"/v1/AUTH_{demo.project_id}/box")).ok(201)
    client = boto3.client(
        "s3",
        endpoint_url=f"{scs.url}/object-store",
        aws_access_key_id=blob["access"],
        aws_secret_access_key=blob["secret"],
        region_name="us-east-1",
    )
    assert [one["Name"] for one in (await asyncio.to_thread(client.list_buckets))["Buckets"]] == ["box"]


async def test_roles(scs: Cloud) -> None:
    """scs-0302 and the draft of standard roles: Keystone's, and those of the services' own policies."""
    admin = await scs.user("admin")
    found = {one["name"] for one in (await admin.get("identity", "/v3/roles")).ok()["roles"]}
    assert {"admin", "manager", "member", "reader", "service", "creator", "observer", "audit"} <= found
    assert {"key-manager:service-admin", "load-balancer_member", "load-balancer_admin", "ResellerAdmin"} <= found


async def test_a_domain_manager_manages_the_domain_alone(scs: Cloud) -> None:
    """scs-0302: the role manager on a domain lets its holder make projects and users there, and no admins."""
    admin = await scs.user("admin")
    made = (await admin.post("identity", "/v3/domains", {"domain": {"name": "customer"}})).ok(201)
    domain = made["domain"]["id"]
    user = {"name": "boss", "password": "secret", "domain_id": domain}
    boss = (await admin.post("identity", "/v3/users", {"user": user})).ok(201)["user"]["id"]
    roles = {one["name"]: one["id"] for one in (await admin.get("identity", "/v3/roles")).ok()["roles"]}
    path = f"/v3/domains/{domain}/users/{boss}/roles/{roles['manager']}"
    (await admin.put("identity", path)).ok(204)
    password = {"user": {"id": boss, "password": "secret"}}
    auth = {"identity": {"methods": ["password"], "password": password}, "scope": {"domain": {"id": domain}}}
    signed = await admin.post("identity", "/v3/auth/tokens", {"auth": auth})
    signed.ok(201)
    manager = User(scs.session, scs.url, signed.headers["X-Subject-Token"])
    project = {"name": "p", "domain_id": domain}
    p = (await manager.post("identity", "/v3/projects", {"project": project})).ok(201)["project"]["id"]
    user = {"name": "worker", "domain_id": domain}
    worker = (await manager.post("identity", "/v3/users", {"user": user})).ok(201)["user"]["id"]
    place = f"/v3/projects/{p}/users/{worker}/roles"
    (await manager.put("identity", f"{place}/{roles['member']}")).ok(204)
    (await manager.put("identity", f"{place}/{roles['admin']}")).refused(403)
    (await manager.post("identity", "/v3/projects", {"project": {"name": "x", "domain_id": "default"}})).refused(403)


def test_the_table_names_these_tests() -> None:
    """Each row has a test of this file, or says why none is possible."""
    rows = [line.split("|")[1:-1] for line in TABLE.read_text().splitlines() if line.startswith("| scs-")]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row[3])}
    own = {name for name in globals() if name.startswith("test_")} - {"test_the_table_names_these_tests"}
    assert named == own
    assert all("`test_" in row[3] or "not applicable" in row[3] for row in rows)
