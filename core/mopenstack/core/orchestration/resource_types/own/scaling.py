"""Scaling groups, and the policies whose signals make them larger or smaller.

OS::Heat::AutoScalingGroup, OS::Heat::InstanceGroup, AWS::AutoScaling::AutoScalingGroup, OS::Heat::ScalingPolicy,
AWS::AutoScaling::ScalingPolicy, AWS::AutoScaling::LaunchConfiguration.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described, invalid
from mopenstack.core.orchestration.resource_types.own.members import (
    Batched,
    Definition,
    batches,
    changed_members,
    definitions,
    followed,
    members,
    references,
    template_of,
)
from mopenstack.core.orchestration.resource_types.own.signals import Signalled, sign, signal_url, signed_url

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_EXACT = ("exact_capacity", "ExactCapacity")
_CHANGE = ("change_in_capacity", "ChangeInCapacity")
_PERCENT = ("percent_change_in_capacity", "PercentChangeInCapacity")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


class NoAction(ResourceFailure):
    """There is nothing to do: a signal that is taken, and changes nothing."""

    def __init__(self) -> None:
        super().__init__("", "NoActionRequired")


def new_capacity(current: int, adjustment: int, kind: str, step: int | None, least: int, most: int) -> int:
    """The size of a group after an adjustment, within its bounds."""
    if kind in _CHANGE:
        wanted = current + adjustment
    elif kind in _EXACT:
        wanted = adjustment
    else:
        delta = current * adjustment / 100.0
        up = (delta > 0) == (math.fabs(delta) < 1.0)
        rounded = math.ceil(delta) if up else math.floor(delta)
        if step and step > abs(rounded):
            rounded = step if rounded > 0 else -step
        wanted = current + rounded
    return max(least, min(most, wanted))


class ScalingGroup(Batched):
    """What scaling groups share: members with random names, the oldest of which go first."""

    attributes_any: ClassVar[bool] = True
    rolling: ClassVar[str] = ""
    """The property whose change replaces the members in batches."""
    cooldown: ClassVar[str] = ""

    async def definition(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> Definition:
        raise NotImplementedError

    def first_size(self, properties: Mapping[str, Any]) -> int:
        raise NotImplementedError

    def size_after(self, properties: Mapping[str, Any], current: int) -> int:
        """The size after an update of the group."""
        raise NotImplementedError

    def policy(self, resource: Resource, properties: Mapping[str, Any]) -> tuple[int, int, float] | None:
        """Least in service, size of a batch, pause in seconds, of rolling updates; None: there are none."""
        raise NotImplementedError

    async def template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any], total: int, new: int
    ) -> dict[str, Any]:
        definition = await self.definition(context, resource, properties)
        old = await definitions(context, resource, failed=True)
        word = context.call.ids.word
        made = list(changed_members(old, total, new, lambda: word(12, _LETTERS), lambda _: definition))
        return template_of(made, references([name for name, _ in made]))

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return await self.template(context, resource, properties, self.first_size(properties), 0), {}

    async def batch(self, context: Context, resource: Resource, total: int, new: int) -> dict[str, Any]:
        return await self.template(context, resource, resource.properties, total, new)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._ended(context, resource, await super().created(context, resource))

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        resource.properties = new
        current = len(await members(context, resource))
        plan: list[tuple[int, int]] = []
        policy, pause = self.policy(resource, new), 0.0
        if policy is not None and self.rolling in changed:
            least, size, pause = policy
            target = min(self.size_after(new, current) or current, current)
            plan = batches(target, current, size, least, counts_removed=False)
        good = sum(one.status != "FAILED" for one in await members(context, resource))
        plan.append((self.size_after(new, good), 0))
        await self.begin(context, resource, plan, pause)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._ended(context, resource, await super().updated(context, resource))

    async def _ended(self, context: Context, resource: Resource, left: float | None) -> float | None:
        if left is None and self.cooldown:
            size = len(await members(context, resource))
            seconds = resource.properties.get(self.cooldown)
            await finished_scaling(context, resource, seconds, f"ExactCapacity : {size}", changed=True)
        return left

    async def adjust(
        self, context: Context, resource: Resource, adjustment: int, kind: str, step: int | None, seconds: int | None
    ) -> None:
        """Make the group larger or smaller; raises NoAction where there is nothing to do, or it is too early."""
        if resource.status != "COMPLETE":
            raise NoAction
        good = sum(one.status != "FAILED" for one in await members(context, resource))
        least, most = self.bounds(resource.properties)
        wanted = new_capacity(good, adjustment, kind, step, least, most)
        if wanted == good:
            raise NoAction
        if seconds is None:
            seconds = resource.properties.get(self.cooldown)
        end = next(iter(resource.metadata.get("cooldown_end") or {}), "")
        if resource.metadata.get("scaling_in_progress") or _time(context.now) < end:
            raise NoAction
        template = await self.template(context, resource, resource.properties, wanted, 0)
        await context.children.update(resource, template, {}, files=context.files)
        await finished_scaling(context, resource, seconds, f"{kind} : {adjustment}", changed=True)
        await context.wake()

    def bounds(self, properties: Mapping[str, Any]) -> tuple[int, int]:
        return 0, int(properties.get("Size") or 0)

    async def told(self, context: Context, resource: Resource, name: str) -> Any:
        return await self.selected(context, resource, name, ()) if name == "InstanceList" else None

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name == "show":
            return None
        there = [one.name for one in await members(context, resource) if one.status != "FAILED"]
        if name == "current_size":
            return len(there)
        if not resource.physical_id:
            return None
        if name == "InstanceList":
            return ",".join((await self.of_members(context, resource, there, ["PublicIp"])).values()) or None
        if name == "refs":
            return followed(list((await self.of_members(context, resource, there, ())).values()), path)
        if name == "refs_map":
            return followed(await self.of_members(context, resource, there, ()), path)
        if name.startswith("resource."):
            wanted = name.split(".", 2)[1]
            known = wanted.isdecimal() and int(wanted) < len(there)
            return await self.member(context, resource, name, path, there[int(wanted)] if known else None)
        if name in ("outputs", "outputs_list") and path:
            found = await self.of_members(context, resource, there, path)
            return found if name == "outputs" else list(found.values())
        raise invalid(f"The Referenced Attribute ({resource.name} {name}) is incorrect.")


async def finished_scaling(
    context: Context, resource: Resource, seconds: int | None, reason: str, *, changed: bool
) -> None:
    """Keep in the metadata until when no signal scales the group again."""
    metadata = dict(resource.metadata)
    if changed:
        end = _time(context.now + max(0, int(seconds or 0)))
        metadata["cooldown_end"] = {max(end, *(metadata.get("cooldown_end") or {"": ""})): reason}
    metadata["scaling_in_progress"] = False
    await context.set_metadata(resource, metadata)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


class AutoScalingGroup(ScalingGroup):
    """OS::Heat::AutoScalingGroup: members of any type, of which it has the definition."""

    rolling: ClassVar[str] = "resource"
    cooldown: ClassVar[str] = "cooldown"

    async def validate(self, context: Context, resource: Resource) -> None:
        low, high = resource.properties.get("min_size"), resource.properties.get("max_size")
        wanted = resource.properties.get("desired_capacity")
        if low is None or high is None:
            return
        if high < low:
            raise invalid("MinSize can not be greater than MaxSize")
        if wanted is not None and not low <= wanted <= high:
            raise invalid("DesiredCapacity must be between MinSize and MaxSize")

    async def definition(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> Definition:
        return dict(properties["resource"] or {})

    def first_size(self, properties: Mapping[str, Any]) -> int:
        return int(properties.get("desired_capacity") or properties.get("min_size") or 0)

    def size_after(self, properties: Mapping[str, Any], current: int) -> int:
        least, most = self.bounds(properties)
        return max(least, min(most, int(properties.get("desired_capacity") or current)))

    def bounds(self, properties: Mapping[str, Any]) -> tuple[int, int]:
        return int(properties["min_size"]), int(properties["max_size"])

    def policy(self, resource: Resource, properties: Mapping[str, Any]) -> tuple[int, int, float] | None:
        found = properties.get("rolling_updates") or {}
        return (
            int(found.get("min_in_service") or 0),
            int(found.get("max_batch_size") or 1),
            found.get("pause_time") or 0,
        )


class InstanceGroup(ScalingGroup):
    """OS::Heat::InstanceGroup: instances of a launch configuration."""

    rolling: ClassVar[str] = "LaunchConfigurationName"

    async def validate(self, context: Context, resource: Resource) -> None:
        policy = resource.update_policy.get(self.policy_word)
        if policy and _seconds(policy.get("PauseTime") or "PT0S") > 3600:
            raise ResourceFailure("Maximum PauseTime is 1 hour.", "ValueError")

    @property
    def policy_word(self) -> str:
        return next(iter(self.update_policy), "RollingUpdate")

    async def definition(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> Definition:
        given = await self._configuration(context, properties)
        tags = [{"Key": one["Key"], "Value": one["Value"]} for one in properties.get("Tags") or ()]
        if not any(one["Key"].startswith("metering.") for one in tags):
            tags.append({"Key": "metering.groupname", "Value": resource.physical_id or resource.name})
        return {"type": "AWS::EC2::Instance", "properties": {**given, "Tags": [*tags, *self.tags(resource)]}}

    def tags(self, resource: Resource) -> list[dict[str, Any]]:
        return []

    async def _configuration(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of an instance, of the launch configuration; raises ResourceFailure where there is none."""
        reference = properties["LaunchConfigurationName"]
        found = await context.find(reference) if reference else None
        if found is None:
            text = f"LaunchConfigurationName ({reference}) reference can not be found."
            raise ResourceFailure(text, "ValueError")
        return {key: value for key, value in found[1].properties.items() if value is not None and key != "InstanceId"}

    def first_size(self, properties: Mapping[str, Any]) -> int:
        return int(properties["Size"] or 0)

    def size_after(self, properties: Mapping[str, Any], current: int) -> int:
        return current if properties.get("Size") is None else int(properties["Size"])

    def policy(self, resource: Resource, properties: Mapping[str, Any]) -> tuple[int, int, float] | None:
        found = resource.update_policy.get(self.policy_word)
        if not found:
            return None
        least, pause = int(found.get("MinInstancesInService") or 0), _seconds(found.get("PauseTime") or "PT0S")
        return least, int(found.get("MaxBatchSize") or 1), pause


class AwsGroup(InstanceGroup):
    """AWS::AutoScaling::AutoScalingGroup."""

    cooldown: ClassVar[str] = "Cooldown"

    async def validate(self, context: Context, resource: Resource) -> None:
        properties = resource.properties
        low, high, wanted = properties["MinSize"], properties["MaxSize"], properties["DesiredCapacity"]
        if low is not None and high is not None:
            if high < low:
                raise invalid("MinSize can not be greater than MaxSize")
            if low < 0:
                raise invalid("The size of AutoScalingGroup can not be less than zero")
            if wanted is not None and not low <= wanted <= high:
                raise invalid("DesiredCapacity must be between MinSize and MaxSize")
        if len(properties.get("VPCZoneIdentifier") or (1,)) != 1:
            raise ResourceFailure("Anything other than one VPCZoneIdentifier is not supported.", "NotSupported")
        given = resource.given
        if ("InstanceId" in given) == ("LaunchConfigurationName" in given):
            raise invalid("Either 'InstanceId' or 'LaunchConfigurationName' must be provided.")
        await super().validate(context, resource)

    async def definition(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> Definition:
        made = await super().definition(context, resource, properties)
        if properties.get("VPCZoneIdentifier"):
            made["properties"]["SubnetId"] = properties["VPCZoneIdentifier"][0]
        return made

    def tags(self, resource: Resource) -> list[dict[str, Any]]:
        return [{"Key": "metering.AutoScalingGroupName", "Value": resource.physical_id or resource.name}]

    def first_size(self, properties: Mapping[str, Any]) -> int:
        return int(properties.get("DesiredCapacity") or properties.get("MinSize") or 0)

    def size_after(self, properties: Mapping[str, Any], current: int) -> int:
        least, most = self.bounds(properties)
        return max(least, min(most, int(properties.get("DesiredCapacity") or current)))

    def bounds(self, properties: Mapping[str, Any]) -> tuple[int, int]:
        return int(properties["MinSize"]), int(properties["MaxSize"])


def _seconds(duration: str) -> float:
    """The seconds of PT1H2M3S; raises ResourceFailure for a text that is no such duration."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ResourceFailure(f"Invalid ISO 8601 duration: {duration}", "ValueError")
    hours, minutes, seconds = (float(one or 0) for one in found.groups())
    return hours * 3600 + minutes * 60 + seconds


class ScalingPolicy(Signalled):
    """OS::Heat::ScalingPolicy and AWS::AutoScaling::ScalingPolicy: a signal of it adjusts its group."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        amazon = name.startswith("AWS::")
        words = ["auto_scaling_group_id", "scaling_adjustment", "adjustment_type", "min_adjustment_step", "cooldown"]
        if amazon:
            words = ["AutoScalingGroupName", "ScalingAdjustment", "AdjustmentType", "MinAdjustmentStep", "Cooldown"]
        self._group, self._by, self._kind, self._least, self._cooldown = words
        self._percent = _PERCENT[1 if amazon else 0]
        self._amazon = amazon

    async def validate(self, context: Context, resource: Resource) -> None:
        kind = resource.properties.get(self._kind)
        if self._least in resource.given and kind is not None and kind != self._percent:
            text = f"{self._least} property should only be specified for {self._kind} with value {self._percent}."
            raise ResourceFailure(text, "ResourcePropertyValueDependency")

    async def create(self, context: Context, resource: Resource) -> str | None:
        user_id = await super().create(context, resource)
        await sign(context, resource)
        return user_id

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        properties = resource.properties
        found = await context.find(properties[self._group] or "")
        kind = None
        if found is not None:
            from mopenstack.core.orchestration.resource_types import find

            kind = find(found[1].type)
        if found is None or not isinstance(kind, ScalingGroup):
            text = f'Alarm {resource.name} could not find scaling group named "{properties[self._group]}"'
            raise ResourceFailure(text, "NotFound")
        step, cooldown = properties[self._least], properties[self._cooldown]
        try:
            await kind.adjust(*found, int(properties[self._by]), properties[self._kind], step, cooldown)
        except NoAction:
            return None
        return ""

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name in ("alarm_url", "AlarmUrl"):
            return signed_url(context, resource, expires=False)
        return signal_url(context, resource)

    async def reference(self, context: Context, resource: Resource) -> Any:
        if self._amazon and resource.physical_id:
            return signed_url(context, resource, expires=False)
        return await super().reference(context, resource)


class LaunchConfiguration(Described):
    """AWS::AutoScaling::LaunchConfiguration: what the instances of a group are made of."""

    async def validate(self, context: Context, resource: Resource) -> None:
        for mapping in resource.properties.get("BlockDeviceMappings") or ():
            volume = mapping.get("Ebs")
            if not volume:
                raise invalid("Ebs is missing, this is required when specifying BlockDeviceMappings.")
            if not volume.get("SnapshotId"):
                raise invalid("SnapshotId is missing, this is required when specifying BlockDeviceMappings.")
        if "InstanceId" not in resource.given and not {"ImageId", "InstanceType"} <= resource.given:
            raise invalid("If without InstanceId, ImageId and InstanceType are required.")

    async def create(self, context: Context, resource: Resource) -> str | None:
        return context.physical_name(resource)
