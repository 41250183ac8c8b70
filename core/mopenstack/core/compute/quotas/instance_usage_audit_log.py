"""The log of usage audits. Source: nova/api/openstack/compute/instance_usage_audit_log.py, nova/utils.py.

Hosts write it where `instance_usage_audit` is on, which it is not by default: no host has run.
"""

from __future__ import annotations

from datetime import UTC, datetime

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.quotas import instance_usage_audit_log_pb2 as pb
from mopenstack.core.compute.hosts.services import Services
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class InstanceUsageAuditLogs(Servicer):
    service = pb.DESCRIPTOR.services_by_name["InstanceUsageAuditLogs"]

    async def list_instance_usage_audit_logs(self, call: Call, request: pb.ListInstanceUsageAuditLogsRequest) -> Result:
        return pb.ListInstanceUsageAuditLogsResponse(instance_usage_audit_logs=await _log(call, call.now))

    async def get_instance_usage_audit_log(self, call: Call, request: pb.GetInstanceUsageAuditLogRequest) -> Result:
        text = request.before_timestamp
        try:
            before = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f" if "." in text else "%Y-%m-%d %H:%M:%S")
        except ValueError:
            raise refusals.InvalidAuditTime(id=text) from None
        return pb.InstanceUsageAuditLogResponse(instance_usage_audit_log=await _log(call, before.replace(tzinfo=UTC)))


async def _log(call: Call, before: datetime) -> pb.InstanceUsageAuditLog:
    """The last whole month before a time (nova.utils.last_completed_audit_period)."""
    end = before.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    begin = end.replace(year=end.year - 1, month=12) if end.month == 1 else end.replace(month=end.month - 1)
    hosts = list(dict.fromkeys(service.host for service in await call.service(Services).computes(call)))
    return pb.InstanceUsageAuditLog(
        period_beginning=str(begin),
        period_ending=str(end),
        num_hosts=len(hosts),
        num_hosts_not_run=len(hosts),
        hosts_not_run=hosts,
        overall_status=f"0 of {len(hosts)} hosts done. 0 errors.",
    )
