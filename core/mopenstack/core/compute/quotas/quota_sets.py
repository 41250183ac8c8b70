"""Quotas of projects, of users in projects and of quota classes.

Source: nova/api/openstack/compute/quota_sets.py, quota_classes.py, nova/quota.py.
"""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.compute.quotas.quotas import SERVICE, user_usage
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota_sets import QuotaSetRules


async def _check(call: Call, request: Any) -> None:
    await verify_project(call, request.project_id)


QUOTA_SETS = QuotaSetRules(
    SERVICE,
    below_usage=refusals.QuotaBelowUsage,
    force="force",
    check=_check,
    part="user_id",
    part_usage=user_usage,
    above_project=refusals.QuotaAboveProject,
)
