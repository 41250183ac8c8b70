"""The way of a stack to its template: what is missing is made, what differs is changed or replaced, the rest deleted.

Sources: heat/engine/check_resource.py, heat/engine/resource.py (update), heat/engine/update.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.runs import acts
from mopenstack.core.orchestration.runs.client_errors import Failed, failed_by
from mopenstack.core.orchestration.runs.graph import backwards
from mopenstack.core.orchestration.runs.rows import claim, new_row
from mopenstack.core.orchestration.runs.run import Run, resource_of
from mopenstack.core.orchestration.runs.states import action_of, add_event
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource

STEPS_MAX = 250
"""Actions that one look begins, so that no stack keeps all others waiting; the next call goes on."""
OUTSIDE_MAX = 10
"""So often one look waits for what is made outside of its transaction, which runs anew each time."""


class Walk:
    """One look at a stack that is on its way; `failure` is why it ends, `busy` whether something is under way."""

    def __init__(self, run: Run) -> None:
        self.run, self.stack = run, run.stack
        self.failure, self.busy, self.steps = "", False, 0
        self.more = False

    @property
    def is_full(self) -> bool:
        """Whether this look has done enough."""
        return self.steps >= STEPS_MAX or self.run.call.made.count >= OUTSIDE_MAX

    async def forward(self) -> None:
        """Make and change what the template has."""
        plan, done = self.run.plan, set()
        for name in await plan.order():
            if name not in plan.definitions or not all(other in done for other in plan.requires(name)):
                continue
            if self.is_full:
                self.more = self.busy = True
                return
            if self.steps % 10 == 9:
                await asyncio.sleep(0)
            try:
                if await self._bring(name) and not await self._paused_after(name):
                    done.add(name)
                else:
                    self.busy = True
            except Failed as failed:
                self._fail(name, failed)
        if not self.busy and not self.failure:
            await self._clean({row.id for name in plan.definitions if (row := self.chosen(name)) is not None})

    def _fail(self, name: str, failed: Failed, action: str = "") -> None:
        row = self.chosen(name)
        action = action or (row.action if row is not None else "CREATE")
        section = self.run.plan.template.words.resources
        self.failure = self.failure or f"Resource {action} failed: {failed.reason(section, name)}"

    def chosen(self, name: str) -> StackResource | None:
        """The resource that is to be the one of a name: the newest, but for one that has the template already."""
        rows = [row for row in self.run.rows.values() if row.resource_name == name]
        mine = [row for row in rows if row.template == self.stack.template_number]
        kept = mine or rows
        return kept[-1] if kept else None

    async def _bring(self, name: str) -> bool:
        """Lead one resource on; whether it is as the template says. Raises Failed."""
        row = self.chosen(name)
        if row is None:
            return await self._make(name, None)
        if row.status == "IN_PROGRESS":
            try:
                if not await acts.look(self.run, row):
                    return False
            except Failed:
                if row.walk == self.stack.walk:
                    raise
            if row.walk == self.stack.walk:
                return True
        if row.walk == self.stack.walk and row.action != "INIT":
            if row.status == "FAILED":
                raise Failed("", "", ()) if not row.status_reason else _Noted(row.status_reason)
            return True
        if row.action == "INIT":
            claim(self.run, row)
            return await self._create(row)
        if await self.paused(row, "pre-update"):
            return False
        return await self._change(name, row)

    async def _create(self, row: StackResource) -> bool:
        self.steps += 1
        if action_of(self.stack) == "CREATE" and await self.paused(row, "pre-create"):
            return False
        return await acts.create(self.run, row)

    async def _paused_after(self, name: str) -> bool:
        row = self.chosen(name)
        if row is None or row.action not in ("CREATE", "UPDATE") or row.data.get("acted") != str(self.stack.walk):
            return False
        if row.action == "CREATE" and action_of(self.stack) != "CREATE":
            return False
        return await self.paused(row, f"post-{row.action.lower()}")

    async def paused(self, row: StackResource, hook: str) -> bool:
        """Whether a resource waits at a break point until that is cleared; once for each way of the stack."""
        walk = str(self.stack.walk)
        if hook not in self.run.plan.environment.hooks(row.resource_name) or row.data.get(f"passed {hook}") == walk:
            return False
        if row.data.get(f"hook {hook}") != walk:
            row.data[f"hook {hook}"] = walk
            text = f"{hook.partition('-')[2].upper()} paused until Hook {hook} is cleared"
            await add_event(self.run.call, self.stack, row.action, row.status, text, row)
            await self.run.save(row)
        return True

    async def _make(self, name: str, old: StackResource | None) -> bool:
        row = new_row(self.run, name)
        if old is not None:
            row.replaces, old.replaced_by = old.id, row.id
            await self.run.save(old)
        await self.run.save(row)
        self.run.plan.forget(name)
        return await self._create(row)

    async def _change(self, name: str, row: StackResource) -> bool:
        run, plan = self.run, self.run.plan
        kind, resource = plan.types[name], resource_of(row)
        definition = plan.definitions[name]
        restricted = plan.environment.restrictions(name)
        if row.replaced_by and row.template == self.stack.template_number:  # a rollback comes back to it
            if action_of(self.stack) == "ROLLBACK":
                try:
                    await acts.come_back(run, row)
                except Failed as failed:
                    raise await self._noted(row, failed) from None
            row.replaced_by = ""
        outside = await plan.resolved(definition.external_id) if definition.external_id is not None else ""
        if str(outside) != row.external_id:
            feature = f"Update to property external_id of {name} ({row.resource_type})"
            raise await self._noted(row, Failed(f"{feature} is not supported.", "NotSupported"))
        try:
            replace = row.resource_type != definition.type and kind is not run.kind(row)
            replace = replace or row.action == "DELETE"
            if row.status == "FAILED":
                replace = replace or (row.action == "CHECK" and kind.replaced_unhealthy)
                replace = replace or await kind.broken(run.context, resource)
            new = await run.properties(name)
            changed = self._differing(resource.properties, new) if not kind.properties_any else frozenset()
            if not replace and changed:
                replace = self._replaces(kind, resource, new, changed)
        except (ValueError, TypeError, KeyError, ValidationFailed, Fault) as error:
            raise await self._noted(row, failed_by(error, run.call.context.request_id)) from None
        if replace:
            if "replace" in restricted:
                await self._restricted(row, "replace")
            try:
                await acts.give_way(run, row)
            except Failed as failed:
                raise await self._noted(row, failed) from None
            return await self._make(name, row)
        metadata = await plan.resolved(definition.metadata) or {}
        if changed or kind.nested or row.status == "FAILED" or kind.always_updates(resource):
            if "update" in restricted:
                await self._restricted(row, "update")
            claim(self.run, row)
            self.steps += 1
            return await acts.update(run, row, new, changed)
        claim(self.run, row)
        row.resource_type = definition.type
        if metadata and {**resource.metadata, **metadata} != resource.metadata:
            await run.context.set_metadata(resource, {**resource.metadata, **metadata})
        await run.save(row)
        return True

    @staticmethod
    def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(key for key in {*old, *new} if old.get(key) != new.get(key))

    def _replaces(self, kind: Any, resource: Any, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        fixed = [key for key in changed if (one := kind.properties.get(key)) is not None and one.immutable]
        if fixed:
            names = ", ".join(sorted(fixed))
            raise Failed(f"Update to properties {names} of {resource.name} ({resource.type}) is not supported",
                         "NotSupported")  # fmt: skip
        allowed = all((one := kind.properties.get(key)) is not None and one.update_allowed for key in changed)
        return not allowed or kind.replaces(self.run.context, resource, new, changed)

    async def _restricted(self, row: StackResource, action: str) -> None:
        text = f"{action} is restricted for resource."
        await add_event(self.run.call, self.stack, "UPDATE", "FAILED", text, row)
        row.walk = self.stack.walk
        raise await self._noted(row, Failed(text, "ResourceActionRestricted"), tell=False)

    async def _noted(self, row: StackResource, failed: Failed, *, tell: bool = True) -> Failed:
        row.walk = self.stack.walk
        section = self.run.plan.template.words.resources
        if tell:
            await self.run.set_state(row, "UPDATE", "FAILED", failed.reason(section, row.resource_name))
        return failed

    # -- what is to go

    async def backward(self) -> None:
        """Delete all resources."""
        await self._clean(set())

    async def _clean(self, kept: set[str]) -> None:
        """Delete the others, each before those that it depends on."""
        gone = {row.id: row for row in self.run.rows.values() if row.id not in kept}
        by_name: dict[str, list[str]] = {}
        for row in gone.values():
            by_name.setdefault(row.resource_name, []).append(row.id)
        requires = {
            row.id: [id for name in row.requires for id in by_name.get(name, ()) if id != row.id]
            for row in gone.values()
        }
        needed_by = backwards(requires)
        left = {id: {other for other in needed_by[id] if other in gone} for id in gone}
        ready = [id for id in reversed(list(gone)) if not left[id]] or list(reversed(list(gone)))
        for id in ready:  # grows
            if self.is_full:
                self.more = self.busy = True
                return
            if await self._remove(gone[id]):
                for other in requires[id]:
                    left[other].discard(id)
                    if not left[other]:
                        ready.append(other)

    async def _remove(self, row: StackResource) -> bool:
        self.steps += 1
        if self.steps % 20 == 0:
            await asyncio.sleep(0)
        ends = action_of(self.stack) == "DELETE"
        try:
            if row.action == "DELETE" and row.walk == self.stack.walk:
                done = row.status == "IN_PROGRESS" and await acts.look(self.run, row)
                if row.status == "FAILED":
                    raise _Noted(row.status_reason)
                done |= row.status == "COMPLETE"
            elif ends and await self.paused(row, "pre-delete"):
                self.busy = True
                return False
            else:
                row.walk = self.stack.walk
                done = await acts.delete(self.run, row)
            if done and ends and await self.paused(row, "post-delete"):
                done = False
            elif done and row.id in self.run.rows:
                await self.run.drop(row)
        except Failed as failed:
            section = self.run.plan.template.words.resources
            self.failure = self.failure or f"Resource DELETE failed: {failed.reason(section, row.resource_name)}"
            return False
        self.busy |= not done
        return done


class _Noted(Failed):
    """A failure that was noted before."""

    def reason(self, section: str, name: str) -> str:
        return self.text
