"""Quotas of projects, of users in projects and of quota classes.

Source: nova/api/openstack/compute/quota_sets.py, quota_classes.py, nova/quota.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.compute.quotas.quotas import SERVICE, USER, user_usage
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota_sets import Part, QuotaSetRules


async def _check(call: Call, request: Any) -> None:
    await verify_project(call, request.project_id)


async def _user_usage(call: Call, project_id: str, part: Part) -> Mapping[str, int]:
    return await user_usage(call, project_id, part.id)


QUOTA_SETS = QuotaSetRules(
    SERVICE,
    below_usage=refusals.QuotaBelowUsage,
    force="force",
    check=_check,
    parts=(USER,),
    part_usage=_user_usage,
    above_project=refusals.QuotaAboveProject,
)
