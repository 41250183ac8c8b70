"""Where the backups of a project, or of an instance, go (trove/backup/models.py, BackupStrategy)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups import backup_strategies_pb2 as pb


class BackupStrategies(ResourceServicer[pb.BackupStrategy]):
    service = pb.DESCRIPTOR.services_by_name["BackupStrategies"]
    message = pb.BackupStrategy

    async def list_backup_strategies(self, call: Call, request: pb.ListBackupStrategiesRequest) -> Result:
        found = await call.tx.query(pb.BackupStrategy, project_id=_project(call, request.project_id))
        left = [one for one in found if request.instance_id in ("", one.instance_id)]
        left.sort(key=lambda one: one.instance_id)
        return pb.ListBackupStrategiesResponse(backup_strategies=left)

    async def create_backup_strategy(self, call: Call, request: pb.CreateBackupStrategyRequest) -> Result:
        wanted, project_id = request.backup_strategy, call.caller.project_id
        strategy = pb.BackupStrategy(
            id=_key(project_id, wanted.instance_id),
            project_id=project_id,
            instance_id=wanted.instance_id,
            backend="swift",
            swift_container=wanted.swift_container,
        )
        await call.tx.put(strategy)
        return pb.BackupStrategyResponse(backup_strategy=strategy)

    async def delete_backup_strategy(self, call: Call, request: pb.DeleteBackupStrategyRequest) -> Result:
        await call.tx.delete(pb.BackupStrategy, _key(_project(call, request.project_id), request.instance_id))
        return EMPTY


def _key(project_id: str, instance_id: str) -> str:
    return f"{project_id}/{instance_id}"


def _project(call: Call, asked: str) -> str:
    """The project that a request is about; refuses another one than the caller's to all but administrators."""
    if asked and asked != call.caller.project_id and not call.caller.is_admin:
        raise refusals.OperationNotAllowed(project=call.caller.project_id)
    return asked or call.caller.project_id


async def strategy_of(call: Call, instance_id: str) -> str:
    """The container of the backups of an instance, or of the caller's project; "" where none is set."""
    for id in (instance_id, ""):
        found = await call.tx.get(pb.BackupStrategy, _key(call.caller.project_id, id))
        if found is not None:
            return found.swift_container
    return ""
