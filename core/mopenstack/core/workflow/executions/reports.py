"""Reports of executions (mistral/api/controllers/v2/execution_report.py)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.workflow.executions.records import executions_of, tasks_of
from mopenstack.workflow.v2 import action_executions_pb2
from mopenstack.workflow.v2 import executions_pb2 as pb

LOOKED_AT_MAX = 20
COUNTED = ("RUNNING", "SUCCESS", "ERROR", "IDLE", "PAUSED")


class _Report:
    def __init__(self, call: Call, errors: bool, depth: int) -> None:
        self.call, self.errors, self.depth = call, errors, depth
        self.counts: Counter[str] = Counter()

    async def workflow(self, execution: Any, level: int) -> pb.ExecutionReport.Workflow:
        made = pb.ExecutionReport.Workflow(name=execution.workflow_name)
        _fill(made, execution)
        if 0 <= self.depth < level:
            return made
        for task in await tasks_of(self.call, execution.id):
            if self.errors and task.state != "ERROR":
                continue
            made.task_executions.append(await self.task(task, level + 1))
        return made

    async def task(self, task: Any, level: int) -> pb.ExecutionReport.Task:
        if task.state in COUNTED:
            self.counts[task.state] += 1
        made = pb.ExecutionReport.Task(name=task.name)
        _fill(made, task)
        retry = json.loads(task.runtime_context or "{}").get("retry_task_policy")
        if retry is not None:
            made.retry_count = retry.get("retry_no", 0)
        actions = await self.call.tx.query(action_executions_pb2.ActionExecution, task_execution_id=task.id)
        for action in sorted(actions, key=lambda one: (one.number, one.id)):
            one = made.action_executions.add(name=action.name, accepted=action.accepted)
            _fill(one, action)
            one.last_heartbeat.CopyFrom(action.created_at)
        for below in await executions_of(self.call, task.id):
            made.workflow_executions.append(await self.workflow(below, level))
        return made


def _fill(made: Any, kept: Any) -> None:
    made.id, made.state = kept.id, kept.state
    made.created_at.CopyFrom(kept.created_at)
    if kept.HasField("updated_at"):
        made.updated_at.CopyFrom(kept.updated_at)
    if kept.HasField("state_info"):
        made.state_info = kept.state_info


async def report(call: Call, execution: Any, errors: bool, depth: int, statistics_only: bool) -> pb.ExecutionReport:
    """What an execution has done; `depth` below 0: all levels."""
    made = _Report(call, errors, depth)
    tree = await made.workflow(execution, 0)
    found = pb.ExecutionReport()
    for state in COUNTED:
        setattr(found.statistics, f"{state.lower()}_tasks_count", made.counts[state])
    found.statistics.total_tasks_count = sum(made.counts.values())
    found.statistics.estimated_time = await _estimated(call, execution)
    if not statistics_only:
        found.root_workflow_execution.CopyFrom(tree)
    return found


async def _estimated(call: Call, execution: Any) -> int:
    if execution.state != "RUNNING":
        return 0
    before = await call.tx.query(pb.Execution, workflow_id=execution.workflow_id)
    took = [
        one.updated_at.ToSeconds() - one.created_at.ToSeconds()
        for one in before
        if one.state == "SUCCESS" and one.project_id == execution.project_id
    ][:LOOKED_AT_MAX]
    if not took:
        return -1
    left = sum(took) / len(took) - (call.time - execution.created_at.ToSeconds())
    return int(left) if left >= 0 else 1
