"""Mistral: cron triggers, workflows, and resources that workflows make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, table
from mopenstack.core.orchestration.resource_types.services.external_resources import ExternalResource
from mopenstack.core.orchestration.resource_types.services.workflows import Workflow

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
    **table(Row("OS::Mistral::Workflow", _V2 + "Workflows", "Workflow", key="name"), kind=Workflow),
    **table(Row("OS::Mistral::ExternalResource", _V2 + "Executions", "Execution"), kind=ExternalResource),
}
