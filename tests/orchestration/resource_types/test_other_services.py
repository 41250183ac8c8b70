"""The types of Nova, Cinder, Keystone, Octavia, Designate, Barbican, Swift and Glance against the real services."""

from __future__ import annotations

from tests.conftest import Cloud
from tests.orchestration.resource_types.bench import bench


async def test_servers(cloud: Cloud) -> None:
    """A server boots on a port that Heat makes, is changed in steps, and goes with its port."""
    work, user = await bench(cloud), await cloud.user()
    net = await work.create("OS::Neutron::Net", name="n")
    subnet = await work.create("OS::Neutron::Subnet", network="n", cidr="10.5.0.0/24")
    server = await work.create(
        "OS::Nova::Server",
        image="cirros-0.6.3-x86_64-disk",
        flavor="m1.tiny",
        networks=[{"subnet": subnet.physical_id, "fixed_ip": "10.5.0.30"}],
        metadata={"a": 1},
        tags=["t"],
        user_data="#!/bin/sh\n",
    )
    assert await work.attribute(server, "first_address") == "10.5.0.30"
    assert await work.attribute(server, "networks", "n") == ["10.5.0.30"]
    assert await work.attribute(server, "networks", net.physical_id) == ["10.5.0.30"]
    assert (await work.attribute(server, "addresses"))["n"][0]["addr"] == "10.5.0.30"
    await work.update(server, flavor="m1.small", name="other", metadata={"b": "2"})
    shown = (await user.get("compute", f"/v2.1/servers/{server.physical_id}")).ok()["server"]
    assert (shown["name"], shown["status"], shown["metadata"]) == ("other", "ACTIVE", {"b": "2"})
    await work.update(server, networks=[{"network": "n"}])
    await work.update(server, networks=[{"network": "n"}, {"network": "private"}])
    assert set(await work.attribute(server, "networks")) >= {"n", "private"}
    volume = await work.create("OS::Cinder::Volume", size=1, name="v")
    link = await work.create(
        "OS::Cinder::VolumeAttachment", instance_uuid=server.physical_id, volume_id=volume.physical_id
    )
    assert await work.attribute(volume, "status") == "in-use"
    await work.delete(link)
    await work.update(volume, size=2, metadata={"k": "v"})
    assert await work.attribute(volume, "size") == "2"
    assert await work.attribute(volume, "metadata_values") == {"k": "v"}
    for one in (volume, server, subnet, net):
        await work.delete(one)
    assert not (await user.get("compute", "/v2.1/servers")).ok()["servers"]
    assert not (await user.get("volume", f"/v3/{user.project_id}/volumes")).ok()["volumes"]


async def test_nova_and_cinder_for_administrators(cloud: Cloud) -> None:
    """Flavors, groups, aggregates, types and quotas."""
    work = await bench(cloud, "admin")
    flavor = await work.create(
        "OS::Nova::Flavor", ram=64, vcpus=1, disk=1, extra_specs={"a": "b"}, is_public=False, tenants=["demo"]
    )
    assert await work.attribute(flavor, "extra_specs") == {"a": "b"}
    await work.update(flavor, extra_specs={"c": "d"}, tenants=["admin"])
    assert await work.attribute(flavor, "extra_specs") == {"c": "d"}
    assert await work.attribute(flavor, "is_public") is False
    group = await work.create("OS::Nova::ServerGroup", policies=["affinity"])
    hosts = (await (await cloud.user("admin")).get("compute", "/v2.1/os-hypervisors")).ok()["hypervisors"]
    aggregate = await work.create(
        "OS::Nova::HostAggregate", name="a", hosts=[hosts[0]["hypervisor_hostname"]], metadata={"x": "y"}
    )
    quota = await work.create("OS::Nova::Quota", project="demo", cores=7)
    key = await work.create("OS::Nova::KeyPair", name="k", public_key=KEY)
    kind = await work.create(
        "OS::Cinder::VolumeType", name="t", metadata={"a": "b"}, is_public=False, projects=["demo"]
    )
    await work.update(kind, metadata={"c": "d"}, description="e")
    secret = await work.create("OS::Cinder::EncryptedVolumeType", volume_type="t", provider="luks", key_size=256)
    await work.update(secret, key_size=512)
    specs = await work.create("OS::Cinder::QoSSpecs", specs={"read_iops_sec": "1"})
    await work.update(specs, specs={"write_iops_sec": "2"})
    link = await work.create("OS::Cinder::QoSAssociation", qos_specs=specs.physical_id, volume_types=["t"])
    limits = await work.create("OS::Cinder::Quota", project="demo", volumes=3)
    for one in (link, specs, secret, kind, limits, key, quota, aggregate, group, flavor):
        await work.delete(one)


async def test_keystone(cloud: Cloud) -> None:
    """Domains, projects, users, groups, roles and the catalog, by their names."""
    work = await bench(cloud, "admin")
    domain = await work.create("OS::Keystone::Domain", name="d", enabled=True)
    project = await work.create("OS::Keystone::Project", name="p", domain="d", tags=["x"])
    assert await work.attribute(project, "domain_id") == domain.physical_id
    group = await work.create("OS::Keystone::Group", name="g", domain="d", roles=[{"role": "reader", "domain": "d"}])
    user = await work.create(
        "OS::Keystone::User",
        name="u",
        domain="d",
        password="secret-1",
        default_project=project.physical_id,
        groups=[group.physical_id],
        roles=[{"role": "member", "project": project.physical_id}],
    )
    await work.update(user, description="other", roles=[{"role": "reader", "project": project.physical_id}], groups=[])
    role = await work.create("OS::Keystone::Role", name="r")
    more = await work.create(
        "OS::Keystone::UserRoleAssignment", user=user.physical_id, roles=[{"role": "r", "project": project.physical_id}]
    )
    region = await work.create("OS::Keystone::Region", id="reg")
    service = await work.create("OS::Keystone::Service", name="s", type="t")
    endpoint = await work.create(
        "OS::Keystone::Endpoint", service="s", region="reg", interface="public", url="http://127.0.0.1/"
    )
    for one in (endpoint, service, region, more, role, user, group, project, domain):
        await work.delete(one)


async def test_octavia(cloud: Cloud) -> None:
    """What hangs below a load balancer is made while that is busy, one behind the other."""
    work = await bench(cloud)
    balancer = await work.create("OS::Octavia::LoadBalancer", vip_subnet="private-subnet")
    listener = await work.create(
        "OS::Octavia::Listener", loadbalancer=balancer.physical_id, protocol="HTTP", protocol_port=80
    )
    pool = await work.create(
        "OS::Octavia::Pool", listener=listener.physical_id, protocol="HTTP", lb_algorithm="ROUND_ROBIN"
    )
    member = await work.create("OS::Octavia::PoolMember", pool=pool.physical_id, address="10.0.0.7", protocol_port=80)
    monitor = await work.create(
        "OS::Octavia::HealthMonitor", pool=pool.physical_id, type="HTTP", delay=5, timeout=3, max_retries=3
    )
    policy = await work.create(
        "OS::Octavia::L7Policy", listener=listener.physical_id, action="REDIRECT_TO_URL", redirect_url="http://a.org/"
    )
    rule = await work.create(
        "OS::Octavia::L7Rule", l7policy=policy.physical_id, type="PATH", compare_type="STARTS_WITH", value="/a"
    )
    await work.update(member, weight=5)
    await work.update(pool, lb_algorithm="LEAST_CONNECTIONS")
    assert (await work.attribute(pool, "members"))[0]["id"] == member.physical_id
    assert await work.attribute(balancer, "vip_subnet_id")
    for one in (rule, policy, monitor, member, pool, listener, balancer):
        await work.delete(one)


async def test_designate_barbican_swift(cloud: Cloud) -> None:
    """Zones with records, secrets with their payloads, containers with objects."""
    work, user = await bench(cloud), await cloud.user()
    zone = await work.create("OS::Designate::Zone", name="example.org.", email="a@example.org")
    record = await work.create(
        "OS::Designate::RecordSet", zone="example.org.", name="www.example.org.", type="A", records=["10.0.0.1"]
    )
    await work.update(record, records=["10.0.0.2"])
    assert (await work.attribute(record, "show"))["records"] == ["10.0.0.2"]
    assert await work.attribute(zone, "serial")
    for one in (record, zone):
        await work.delete(one)
    secret = await work.create("OS::Barbican::Secret", name="s", payload="open", payload_content_type="text/plain")
    assert await work.attribute(secret, "decrypted_payload") == "open"
    assert await work.attribute(secret, "status") == "ACTIVE"
    assert await work.custom("barbican.secret", secret.physical_id) == ""
    box = await work.create("OS::Barbican::GenericContainer", secrets=[{"name": "a", "ref": secret.physical_id}])
    assert await work.attribute(box, "secret_refs") == {"a": secret.physical_id}
    for one in (box, secret):
        await work.delete(one)
    admin = await bench(cloud, "admin")
    order = await admin.create("OS::Barbican::Order", type="key", algorithm="aes", bit_length=256, mode="cbc")
    assert "/key-manager/v1/secrets/" in await admin.attribute(order, "secret_ref")
    await admin.delete(order)
    store = {"X-Container-Read": ".r:*", "X-Container-Meta": {"a": "b"}}
    container = await work.create("OS::Swift::Container", name="c", PurgeOnDelete=True, **store)
    assert (await work.attribute(container, "HeadContainer"))["x-container-meta-a"] == "b"
    account = f"/v1/AUTH_{user.project_id}"
    (await user.send("PUT", "object-store", f"{account}/c/o", data=b"x")).ok()
    await work.delete(container)
    assert (await user.get("object-store", f"{account}/c")).status == 404


async def test_custom_constraints(cloud: Cloud) -> None:
    """Objects are looked up by id or name; what is missing is said in the words of each client."""
    work = await bench(cloud, "admin")
    for constraint, value in (
        ("nova.flavor", "m1.tiny"),
        ("glance.image", "cirros-0.6.3-x86_64-disk"),
        ("neutron.network", "private"),
        ("neutron.subnet", "private-subnet"),
        ("neutron.security_group", "default"),
        ("keystone.project", "demo"),
        ("ip_addr", "::1"),
        ("net_cidr", "10.0.0.0/8"),
        ("mac_addr", "fa:16:3e:00:00:01"),
        ("cron_expression", "*/5 1-3 * * mon"),
        ("timezone", "Europe/Berlin"),
        ("dns_name", "a.example.org"),
    ):
        assert await work.custom(constraint, value) == "", (constraint, value)
    for constraint, text in (
        ("nova.flavor", "Error validating value 'zz': No Flavor matching {'name': 'zz'}. (HTTP 404)"),
        ("glance.image", "Error validating value 'zz': No images matching {'name': 'zz'}."),
        ("nova.keypair", "Error validating value 'zz': The Key (zz) could not be found."),
        ("neutron.network", "Error validating value 'zz': Unable to find network with name or id 'zz'"),
        ("cinder.volume", "Error validating value 'zz': The Volume (zz) could not be found."),
        ("cinder.vtype", "Error validating value 'zz': The VolumeType (zz) could not be found."),
        ("ip_addr", "Error validating value 'zz': Invalid IP address"),
        ("zz", '"zz" does not validate zz (constraint not found)'),
    ):
        assert await work.custom(constraint, "zz") == text


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJc0lrjY1cR7gKXYNqIHqsaYJg2RkbbxQyOqAFS9KrVv a@b"
