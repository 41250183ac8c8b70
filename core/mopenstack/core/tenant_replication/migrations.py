"""Migrations, orders and offerings as they are asked for."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound, Unavailable
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Later, ResourceServicer, Result, Servicer
from mopenstack.core.tenant_replication import checks
from mopenstack.core.tenant_replication.copying.accounts import Account, Refused
from mopenstack.core.tenant_replication.lending import forget, lent
from mopenstack.core.tenant_replication.offerings import Offering, offerings, plain
from mopenstack.core.tenant_replication.running import run
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.tenant_replication.v1 import migrations_pb2 as pb
from mopenstack.tenant_replication.v1 import refusals

Migration = pb.Migration
ENDED = "The process that ran the migration has ended."


class Migrations(ResourceServicer[pb.Migration]):
    service = pb.DESCRIPTOR.services_by_name["Migrations"]
    message = Migration
    not_found: ClassVar[type[NotFound]] = refusals.MigrationNotFound

    async def find(self, call: Call, id: str) -> pb.Migration | None:
        return await call.tx.get(Migration, id) or await call.tx.get(Migration, plain(id))

    async def recover(self, call: Call) -> None:
        """What was under way when the process was killed has failed."""
        left = [one for one in await call.tx.scan(Migration) if one.state == Migration.CREATING]
        for one in left:
            migration = await call.tx.edit(Migration, one.id)
            migration.state, migration.dst_resource_state = Migration.ERRED, "Erred"
            migration.error_message = ENDED
            await self.save(call, migration)
        if left:
            await forget(call)

    async def list_migrations(self, call: Call, request: pb.ListMigrationsRequest) -> Result:
        found = [one for one in await call.tx.scan(Migration) if self.visible(call, one)]
        for key in ("src_resource_uuid", "dst_resource_uuid"):
            if wanted := plain(getattr(request, key)):
                found = [one for one in found if plain(getattr(one, key)) == wanted]
        found.sort(key=lambda one: (one.created_at.ToNanoseconds(), one.id))
        return pb.ListMigrationsResponse(migrations=found)

    async def create_migration(self, call: Call, request: pb.CreateMigrationRequest) -> Result | Later:
        """What can be told here is; then the clouds are asked, outside of the transaction."""
        known = offerings(call)
        destination = checks.destination(request, known)
        checks.mappings(request.mappings)
        source_id = plain(request.src_resource)
        project = await call.tx.get(Project, source_id)
        if project is not None or not call.caller.is_admin:
            checks.may_copy(call, source_id)
        places = known[:1] if project is not None else known[1:]
        engine = call.administration.engine
        caller = call.caller

        async def make() -> Result:
            source, name = await _checked(call, request, places, destination, source_id)

            async def store(inner: Call) -> pb.Migration:
                migration = Migration(
                    id=inner.ids.uuid().replace("-", ""),
                    mappings=request.mappings,
                    created_by_uuid=caller.user_id,
                    created_by_full_name=caller.user_name,
                    src_offering_uuid=source.uuid,
                    src_offering_name=source.name,
                    dst_offering_uuid=destination.uuid,
                    dst_offering_name=destination.name,
                    src_resource_uuid=source_id,
                    src_resource_name=name,
                    dst_resource_uuid=inner.ids.uuid().replace("-", ""),
                    dst_resource_name=request.name or name,
                    dst_resource_state="Creating",
                    state=Migration.CREATION_SCHEDULED,
                    name=request.name,
                    description=request.description,
                )
                return await self.insert(inner, migration)

            made: pb.Migration = await engine.transact(call.cloud, call.context, store)
            return made

        return Later(make)

    async def run_migration(self, call: Call, request: pb.MigrationRequest) -> Result:
        if call.target.state != Migration.CREATION_SCHEDULED:
            raise refusals.WrongState()
        migration = await call.tx.edit(Migration, call.target.id)
        migration.state = Migration.CREATING
        await self.save(call, migration)
        known = {one.uuid: one for one in offerings(call)}
        source, destination = known.get(migration.src_offering_uuid), known.get(migration.dst_offering_uuid)
        if source is None or destination is None:
            raise refusals.NoSuchObject(uuid=migration.dst_offering_uuid, field="dst_offering")
        run(call, migration.id, source, destination)
        return EMPTY


class Orders(ResourceServicer[pb.Order]):
    service = pb.DESCRIPTOR.services_by_name["Orders"]
    message = pb.Order
    stamps_update = False

    async def list_orders(self, call: Call, request: pb.ListOrdersRequest) -> Result:
        found = [one for one in await call.tx.scan(pb.Order) if self.visible(call, one)]
        if wanted := plain(request.resource_uuid):
            found = [one for one in found if one.resource_uuid == wanted]
        found.sort(key=lambda one: (one.created_at.ToNanoseconds(), one.id))
        return pb.ListOrdersResponse(orders=found)


class Offerings(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Offerings"]

    async def list_offerings(self, call: Call, request: pb.ListOfferingsRequest) -> Result:
        found = []
        for one in offerings(call):
            plan = pb.Offering.Plan(uuid=one.plan_uuid, name="default")
            found.append(pb.Offering(uuid=one.uuid, name=one.name, plans=[plan]))
        return pb.ListOfferingsResponse(offerings=found)


async def _checked(
    call: Call, request: Any, places: list[Offering], destination: Offering, source_id: str
) -> tuple[Offering, str]:
    """The offering that has the source, and the source's name, once both clouds say that it can be copied."""
    engine, background = call.administration.engine, call.background
    for place in places:
        async with lent(background, engine, place, source_id if place.own else "") as account:
            found = await asyncio.to_thread(_in_source, account, source_id, request.mappings)
        if found is not None:
            break
    else:
        raise refusals.NoSuchObject(uuid=request.src_resource, field="src_resource")
    if request.mappings.volume_types:
        async with lent(background, engine, destination) as account:
            await asyncio.to_thread(_in_destination, account, request.mappings)
    return place, found


def _in_source(account: Account, project_id: str, mappings: pb.Mappings) -> str | None:
    try:
        if not checks.has_project(account.enter(), project_id):
            return None
        tenant = account.look_into(project_id=project_id)
        checks.in_source(tenant, mappings)
    except Refused as refused:
        raise Unavailable(f"{account.name}: {refused.text}") from None
    return tenant.name


def _in_destination(account: Account, mappings: pb.Mappings) -> None:
    try:
        checks.in_destination(account.enter(), mappings)
    except Refused as refused:
        raise Unavailable(f"{account.name}: {refused.text}") from None
