"""What a process leaves behind that is killed while a migration runs."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from mopenstack.cli.serve import Settings, serving
from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.core.tenant_replication import lending
from mopenstack.tenant_replication.v1 import migrations_pb2 as pb
from tests.client import sign_in
from tests.tenant_replication.conftest import SDK_WARNINGS

pytestmark = SDK_WARNINGS


async def test_a_migration_of_a_killed_process_is_erred(tmp_path: Path) -> None:
    settings = Settings(port=0, data=tmp_path, services=("tenant_replication",))
    async with serving(settings) as running, aiohttp.ClientSession() as session:
        admin = await sign_in(session, running.url, "admin")
        offering = (await admin.get("api", "/marketplace-public-offerings/")).ok()[0]
        body = {
            "src_resource": admin.project_id,
            "dst_offering": offering["uuid"],
            "dst_plan": offering["plans"][0]["uuid"],
        }
        made = (await admin.post("api", "/openstack-migrations/", body)).ok(201)

        async def leave(call: Call) -> None:
            migration = await call.tx.edit(pb.Migration, made["uuid"])
            migration.state = pb.Migration.CREATING
            await call.tx.put(migration)
            await lending._make(call, f"{lending.PREFIX}left", "a password", "")

        engine = running.engine
        await engine.transact(engine.clouds["default"], RequestContext(), leave)
    async with serving(settings) as running, aiohttp.ClientSession() as session:
        admin = await sign_in(session, running.url, "admin")
        found = (await admin.get("api", f"/openstack-migrations/{made['uuid']}/")).ok()
        assert (found["state"], found["dst_resource_state"]) == ("Erred", "Erred")
        assert found["error_message"] == "The process that ran the migration has ended."
        users = (await admin.get("identity", "/v3/users")).ok()["users"]
        assert not [one for one in users if one["name"].startswith(lending.PREFIX)]
