"""What is refused of a migration that is asked for.

Source: waldur_openstack_replication.serializers.MigrationCreateSerializer.validate.
"""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.core.engine.call import Call
from mopenstack.core.tenant_replication.cidrs import wrong
from mopenstack.core.tenant_replication.copying.accounts import Refused, Tenant
from mopenstack.core.tenant_replication.copying.reading import limits, volume_types
from mopenstack.core.tenant_replication.offerings import Offering, plain
from mopenstack.tenant_replication.v1 import migrations_pb2 as pb
from mopenstack.tenant_replication.v1 import refusals

MEMBERS = frozenset({"admin", "manager", "member"})


def destination(request: pb.CreateMigrationRequest, known: Sequence[Offering]) -> Offering:
    """The offering that is named, with the plan that is; raises the refusal."""
    found = next((one for one in known if one.uuid == plain(request.dst_offering)), None)
    if found is None:
        raise refusals.NoSuchObject(uuid=request.dst_offering, field="dst_offering")
    plans = {one.plan_uuid for one in known}
    if plain(request.dst_plan) not in plans:
        raise refusals.NoSuchObject(uuid=request.dst_plan, field="dst_plan")
    if plain(request.dst_plan) != found.plan_uuid:
        raise refusals.ForeignPlan(field="dst_plan")
    return found


def may_copy(call: Call, project_id: str) -> None:
    """Members copy their own project, administrators any; raises the refusal."""
    caller = call.caller
    if caller.is_admin:
        return
    if caller.project_id != project_id:
        raise refusals.NoSuchObject(uuid=project_id, field="src_resource")
    if not caller.roles & MEMBERS:
        raise refusals.NoPermission()


def mappings(given: pb.Mappings) -> None:
    """What can be told of the mappings without a cloud; raises the refusal."""
    for subnet in given.subnets:
        for field, cidr in (("src_cidr", subnet.src_cidr), ("dst_cidr", subnet.dst_cidr)):
            if why := wrong(cidr):
                raise refusals.InvalidValue(why=why, field=f"mappings.subnets.{field}")
    if given.sync_instance_ports and given.subnets:
        raise refusals.PortsAndSubnets()


def in_source(tenant: Tenant, given: pb.Mappings) -> dict[str, str]:
    """Id -> name of the volume types that are mapped; raises the refusal of what the source does not have, Refused."""
    found = limits(tenant, [])
    if not any(value >= 0 for service in ("compute", "block-storage") for value in found[service].values()):
        raise refusals.NoLimits()
    types = {plain(one["id"]): one["name"] for one in volume_types(tenant)} if given.volume_types else {}
    for item in given.volume_types:
        if plain(item.src_type_uuid) not in types:
            raise refusals.BadSourceType(uuid=item.src_type_uuid)
    networks = {plain(one["id"]) for one in tenant.list("network", "/networks", "networks", project_id=tenant.id)}
    for id in given.networks:
        if plain(id) not in networks:
            raise refusals.NoSuchObject(uuid=id, field="mappings.networks")
    return types


def in_destination(tenant: Tenant, given: pb.Mappings) -> dict[str, str]:
    """The same of the destination."""
    types = {plain(one["id"]): one["name"] for one in volume_types(tenant)} if given.volume_types else {}
    for item in given.volume_types:
        if plain(item.dst_type_uuid) not in types:
            raise refusals.BadDestinationType(uuid=item.dst_type_uuid)
    return types


def has_project(tenant: Tenant, project_id: str) -> bool:
    """Whether a cloud has a project, as far as its user may know."""
    if tenant.id == project_id:
        return True
    try:
        tenant.ask("GET", "identity", f"/projects/{project_id}")
    except Refused:
        return False
    return True
