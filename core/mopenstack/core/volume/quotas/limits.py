"""Absolute limits of a project. Source: cinder/api/v3/limits.py, cinder/api/contrib/used_limits.py."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.volume.base import SERVICE
from mopenstack.volume.v3.quotas import quota_sets_pb2 as pb2


class Limits(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Limits"]

    async def get_limits(self, call: Call, request: pb2.GetLimitsRequest) -> Result:
        project = call.caller.project_id
        limits = await call.quota.limits(SERVICE, project)
        used = await call.quota.usage(SERVICE, project)
        absolute = pb2.LimitsResponse.Absolute(
            max_total_volumes=limits["volumes"],
            max_total_snapshots=limits["snapshots"],
            max_total_volume_gigabytes=limits["gigabytes"],
            max_total_backups=limits["backups"],
            max_total_backup_gigabytes=limits["backup_gigabytes"],
            total_volumes_used=used["volumes"],
            total_gigabytes_used=used["gigabytes"],
            total_snapshots_used=used["snapshots"],
            total_backups_used=used["backups"],
            total_backup_gigabytes_used=used["backup_gigabytes"],
        )
        return pb2.LimitsResponse(limits=pb2.LimitsResponse.Limits(absolute=absolute))
