"""A migration that runs: beside the calls, in a thread, until it is OK or Erred."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.engine import Engine
from mopenstack.core.tenant_replication import checks
from mopenstack.core.tenant_replication.copying.accounts import Account, Refused
from mopenstack.core.tenant_replication.copying.reading import read
from mopenstack.core.tenant_replication.copying.rules import Mappings
from mopenstack.core.tenant_replication.copying.tenants import Copy, replicate
from mopenstack.core.tenant_replication.lending import lent
from mopenstack.core.tenant_replication.offerings import Offering, plain
from mopenstack.tenant_replication.v1 import migrations_pb2 as pb

Migration, Order = pb.Migration, pb.Order
TEXT_MAX = 10_000


def run(call: Call, id: str, source: Offering, destination: Offering) -> None:
    """Begin once the call's transaction holds."""
    engine, cloud, context = call.administration.engine, call.cloud, call.context

    async def work(background: Background) -> None:
        async def look(inner: Call) -> pb.Migration:
            found: pb.Migration | None = await inner.tx.get(Migration, id)
            assert found is not None
            return found

        migration = await background.transact(cloud, context, look)
        copy, error, trace = None, "", ""
        try:
            copy = await _copied(background, engine, migration, source, destination)
        except (Refused, Fault) as refused:
            error, trace = str(refused), traceback.format_exc(limit=-3)
        except Exception as failure:  # whatever it is, the migration has to end
            error, trace = f"{type(failure).__name__}: {failure}", traceback.format_exc(limit=-10)
        await background.transact(cloud, context, _ending(id, copy, error, trace, destination))

    call.start(work)


async def _copied(
    background: Background, engine: Engine, migration: pb.Migration, source: Offering, destination: Offering
) -> Copy:
    home = migration.src_resource_uuid
    async with (
        lent(background, engine, source, home if source.own else "") as reader,
        lent(background, engine, destination) as writer,
    ):
        return await asyncio.to_thread(_work, reader, writer, migration)


def _work(reader: Account, writer: Account, migration: pb.Migration) -> Copy:
    tenant = reader.look_into(project_id=migration.src_resource_uuid)
    given = migration.mappings
    here, there = checks.in_source(tenant, given), checks.in_destination(writer.enter(), given)
    mappings = Mappings(
        volume_types={here[plain(one.src_type_uuid)]: there[plain(one.dst_type_uuid)] for one in given.volume_types},
        subnets={one.src_cidr: one.dst_cidr for one in given.subnets},
        networks=tuple(given.networks),
        sync_instance_ports=given.sync_instance_ports,
        skip_connection_extnet=given.skip_connection_extnet,
    )
    return replicate(read(tenant), writer, mappings, name=migration.name, description=migration.description)


def _ending(
    id: str, copy: Copy | None, error: str, trace: str, destination: Offering
) -> Callable[[Call], Awaitable[None]]:
    """What is written at the end: the migration's state, and the order."""

    async def end(call: Call) -> None:
        migration = await call.tx.edit(Migration, id)
        order = Order(
            id=call.ids.uuid().replace("-", ""),
            state=Order.ERRED if copy is None else Order.DONE,
            created_by_uuid=migration.created_by_uuid,
            resource_uuid=migration.dst_resource_uuid,
            resource_name=migration.dst_resource_name,
            offering_uuid=destination.uuid,
            offering_name=destination.name,
            plan_uuid=destination.plan_uuid,
            error_message=error[:TEXT_MAX],
        )
        if copy is None:
            migration.state, migration.dst_resource_state = Migration.ERRED, "Erred"
            migration.error_message, migration.error_traceback = error[:TEXT_MAX], trace[:TEXT_MAX]
        else:
            migration.state, migration.dst_resource_state = Migration.OK, "OK"
            migration.dst_resource_name = order.resource_name = copy.project_name
            migration.error_message = "\n".join(copy.notes)[:TEXT_MAX]
            order.backend_id, order.user_username = copy.project_id, copy.user_name
            order.user_password = copy.password
            counts = [f"{number} {what}" for what, number in copy.counts.items()]
            order.output = "\n".join([", ".join(counts), *copy.notes])[:TEXT_MAX]
        call.stamp(migration.updated_at)
        await call.tx.put(migration)
        call.stamp(order.created_at)
        await call.tx.put(order, fresh=True)

    return end
