"""Mistral: cron triggers.

OS::Mistral::Workflow and OS::Mistral::ExternalResource are not served: Mistral reads workflows, and starts executions,
outside of transactions (`Later`), and what a resource does is part of its stack's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, table

_V2 = "mopenstack.workflow.v2."


class CronTrigger(Mapped):
    """OS::Mistral::CronTrigger: its id is its name."""

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        flow = values["workflow"]
        body = super().sent({key: value for key, value in values.items() if key != "workflow"})
        return {**body, "workflow_name": flow["name"], "workflow_input": flow.get("input") or {}}


TYPES = {
    **table(
        Row(
            "OS::Mistral::CronTrigger",
            _V2 + "CronTriggers",
            "CronTrigger",
            words={"first_time": "first_execution_time", "count": "remaining_executions"},
            key="name",
        ),
        kind=CronTrigger,
    ),
}
