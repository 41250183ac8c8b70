"""Quota sets of the library: limits of projects and of their users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack_tests.library.v1 import quotas_pb2 as pb

from mopenstack.contract.refusals import refusals
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota_sets import Part, QuotaSetRules
from mopenstack.core.engine.servicer import Servicer

errors: Any = refusals("mopenstack_tests.library.v1")


async def _check(call: Call, request: Any) -> None:
    if request.project == "unknown":
        raise errors.UnknownProject(id=request.project)


async def _user_usage(call: Call, project_id: str, part: Part) -> Mapping[str, int]:
    """Each user has one book, and no seat."""
    return {"books": 1, "seats": 0}


RULES = QuotaSetRules(
    "library",
    below_usage=errors.LimitBelowUsage,
    force="force",
    check=_check,
    not_set=errors.NoLimits,
    parts=("user_id",),
    part_usage=_user_usage,
    above_project=errors.LimitAboveProject,
)


class Quotas(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]
