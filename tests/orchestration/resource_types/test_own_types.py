"""Heat's own types, in stacks: values, groups, scaling, wait conditions, configurations."""

from __future__ import annotations

import json
from typing import Any

from tests.client import User
from tests.conftest import Cloud
from tests.orchestration.stacks import at_rest, changed, made, outputs, template


async def signal(user: User, stack: dict[str, Any], resource: str, details: Any) -> None:
    path = f"/v1/{user.project_id}/stacks/{stack['stack_name']}/{stack['id']}/resources/{resource}/signal"
    (await user.post("heat-api", path, details)).ok()


async def test_values(cloud: Cloud) -> None:
    """Random strings are as they were asked for, and values are of the type that is said."""
    user = await cloud.user()
    strings = {
        "plain": {"type": "OS::Heat::RandomString"},
        "hex": {
            "type": "OS::Heat::RandomString",
            "properties": {"length": 9, "character_classes": [{"class": "hexdigits", "min": 9}]},
        },
        "odd": {
            "type": "OS::Heat::RandomString",
            "properties": {
                "length": 4,
                "character_classes": [{"class": "digits", "min": 1}],
                "character_sequences": [{"sequence": "()[]", "min": 3}],
            },
        },
        "number": {"type": "OS::Heat::Value", "properties": {"type": "number", "value": "7"}},
        "list": {"type": "OS::Heat::Value", "properties": {"value": [1, {"a": "b"}]}},
        "none": {"type": "OS::Heat::None", "properties": {"any": "thing"}},
    }
    wanted = {name: {"get_attr": [name, "value"]} for name in strings}
    found = outputs(await made(user, "values", template(strings, wanted)))
    assert len(found["plain"]) == 32
    assert set(found["hex"]) <= set("0123456789ABCDEF")
    assert len(found["hex"]) == 9
    assert sum(one.isdigit() for one in found["odd"]) == 1
    assert (found["number"], found["list"], found["none"]) == (7, [1, {"a": "b"}], None)


async def test_groups(cloud: Cloud) -> None:
    """Members are told by number; what a removal policy took away never comes again."""
    user = await cloud.user()

    def group(count: int, **more: Any) -> dict[str, Any]:
        member = {"type": "OS::Heat::TestResource", "properties": {"value": "v%index%"}}
        wanted: dict[str, Any] = {"refs": {"get_attr": ["g", "refs"]}, "map": {"get_attr": ["g", "refs_map"]}}
        wanted["all"] = {"get_attr": ["g", "output"]}
        wanted["one"] = {"get_attr": ["g", "resource.1.output"]}
        wanted["named"] = {"get_attr": ["g", "attributes", "output"]}
        properties = {"count": count, "resource_def": member, **more}
        return template({"g": {"type": "OS::Heat::ResourceGroup", "properties": properties}}, wanted)

    stack = await made(user, "group", group(2))
    found = outputs(stack)
    assert (found["all"], found["one"], found["named"]) == (["v0", "v1"], "v1", {"0": "v0", "1": "v1"})
    assert [found["map"]["0"], found["map"]["1"]] == found["refs"]
    found = outputs(await changed(user, stack, group(3)))
    assert found["all"] == ["v0", "v1", "v2"]
    found = outputs(await changed(user, stack, group(2, removal_policies=[{"resource_list": ["0"]}])))
    assert found["named"] == {"1": "v1", "2": "v2"}
    chain = {"resources": ["OS::Heat::RandomString", "OS::Heat::TestResource"]}
    chained = template(
        {"c": {"type": "OS::Heat::ResourceChain", "properties": chain}}, {"r": {"get_attr": ["c", "refs"]}}
    )
    assert len(outputs(await made(user, "chain", chained))["r"]) == 2


async def test_rolling_updates(cloud: Cloud) -> None:
    """A group with a policy is changed in batches, and all members are new at the end."""
    user = await cloud.user()

    def group(value: str) -> dict[str, Any]:
        properties = {
            "count": 4,
            "resource_def": {"type": "OS::Heat::TestResource", "properties": {"value": value, "update_replace": True}},
        }
        policy = {"rolling_update": {"min_in_service": 1, "max_batch_size": 2}, "batch_create": {"max_batch_size": 3}}
        one = {"type": "OS::Heat::ResourceGroup", "properties": properties, "update_policy": policy}
        return template({"g": one}, {"all": {"get_attr": ["g", "output"]}, "refs": {"get_attr": ["g", "refs"]}})

    stack = await made(user, "rolling", group("old"))
    before = outputs(stack)
    assert before["all"] == ["old"] * 4
    after = outputs(await changed(user, stack, group("new")))
    assert after["all"] == ["new"] * 4
    assert not set(before["refs"]) & set(after["refs"])


async def test_scaling(cloud: Cloud) -> None:
    """A signal of a policy makes its group larger, up to its bounds, and not while it cools down."""
    user = await cloud.user()

    def policy(kind: str, by: int, cooldown: int) -> dict[str, Any]:
        properties: dict[str, Any] = {"auto_scaling_group_id": {"get_resource": "g"}, "adjustment_type": kind}
        properties |= {"scaling_adjustment": by, "cooldown": cooldown}
        return {"type": "OS::Heat::ScalingPolicy", "properties": properties}

    member = {"type": "OS::Heat::RandomString", "properties": {"length": 5}}
    properties = {"min_size": 2, "max_size": 5, "resource": member}
    resources = {
        "g": {"type": "OS::Heat::AutoScalingGroup", "properties": properties},
        "up": policy("change_in_capacity", 2, 0),
        "slow": policy("change_in_capacity", -1, 3600),
    }
    wanted = {"n": {"get_attr": ["g", "current_size"]}, "all": {"get_attr": ["g", "outputs_list", "value"]}}
    wanted |= {"url": {"get_attr": ["up", "alarm_url"]}, "signal": {"get_attr": ["up", "signal_url"]}}
    stack = await made(user, "scaling", template(resources, wanted))
    first = outputs(stack)
    assert (first["n"], len(first["all"])) == (2, 2)
    assert "/heat-api-cfn/v1/signal/arn%3Aopenstack%3Aheat%3A%3A" in first["url"]
    assert first["signal"].endswith(f"/stacks/scaling/{stack['id']}/resources/up/signal")
    for resource, size in (("up", 4), ("up", 5), ("slow", 4), ("slow", 4)):
        await signal(user, stack, resource, {"current": "alarm"})
        found = outputs(await at_rest(user, "scaling", stack["id"]))
        assert found["n"] == size, resource
    assert found["url"] == first["url"]


async def test_wait_conditions(cloud: Cloud) -> None:
    """A condition is done when enough signals have come, and fails with the reason of a failure."""
    user = await cloud.user()

    def waiting(count: int) -> dict[str, Any]:
        properties = {"handle": {"get_resource": "h"}, "timeout": 60, "count": count}
        resources = {
            "h": {"type": "OS::Heat::WaitConditionHandle"},
            "w": {"type": "OS::Heat::WaitCondition", "properties": properties},
        }
        return template(resources, {"data": {"get_attr": ["w", "data"]}})

    path = f"/v1/{user.project_id}/stacks"
    for name, signals, status in (
        ("two", [{"data": "a"}, {"data": "b", "id": "x"}], "CREATE_COMPLETE"),
        ("bad", [{"status": "FAILURE", "reason": "no luck"}], "CREATE_FAILED"),
    ):
        body = {"stack_name": name, "template": waiting(2)}
        stack = {**(await user.post("heat-api", path, body)).ok()["stack"], "stack_name": name}
        for details in signals:
            shown = (await user.get("heat-api", f"{path}/{name}/{stack['id']}")).ok()["stack"]
            assert shown["stack_status"] == "CREATE_IN_PROGRESS"
            await signal(user, stack, "h", details)
        stack = await at_rest(user, name, stack["id"])
        assert stack["stack_status"] == status
        if status == "CREATE_COMPLETE":
            assert json.loads(outputs(stack)["data"]) == {"1": "a", "x": "b"}
        else:
            reason = "Resource CREATE failed: WaitConditionFailure: resources.w: no luck"
            assert stack["stack_status_reason"] == reason


async def test_configurations(cloud: Cloud) -> None:
    """A deployment has a configuration of its own with the values of the inputs, and ends with its signal."""
    user = await cloud.user()
    resources = {
        "config": {
            "type": "OS::Heat::StructuredConfig",
            "properties": {"config": {"a": {"get_input": "x"}}, "inputs": [{"name": "x"}], "outputs": [{"name": "r"}]},
        },
        "done": {
            "type": "OS::Heat::StructuredDeployment",
            "properties": {
                "config": {"get_resource": "config"},
                "server": "11111111-1111-1111-1111-111111111111",
                "input_values": {"x": "y"},
                "signal_transport": "NO_SIGNAL",
            },
        },
        "cloud": {"type": "OS::Heat::CloudConfig", "properties": {"cloud_config": {"b": [1]}}},
        "parts": {
            "type": "OS::Heat::MultipartMime",
            "properties": {"parts": [{"config": {"get_resource": "cloud"}, "filename": "c.yaml"}]},
        },
    }
    wanted = {"cloud": {"get_attr": ["cloud", "config"]}, "parts": {"get_attr": ["parts", "config"]}}
    stack = await made(user, "configs", template(resources, wanted))
    found = outputs(stack)
    assert found["cloud"] == "#cloud-config\nb:\n- 1\n"
    assert 'Content-Disposition: attachment; filename="c.yaml"' in found["parts"]
    path = f"/v1/{user.project_id}/software_deployments/metadata/11111111-1111-1111-1111-111111111111"
    (deployed,) = (await user.get("heat-api", path)).ok()["metadata"]
    assert deployed["config"] == {"a": "y"}
    values = {one["name"]: one.get("value") for one in deployed["inputs"]}
    assert (values["x"], values["deploy_action"]) == ("y", "CREATE")
    one = {"properties": {"group": "script", "config": "echo"}, "type": "OS::Heat::SoftwareConfig"}
    waits = {"config": {"get_resource": "c"}, "server": "22222222-2222-2222-2222-222222222222"}
    both = {"c": one, "d": {"type": "OS::Heat::SoftwareDeployment", "properties": waits}}
    text = {"out": {"get_attr": ["d", "deploy_stdout"]}}
    body = {"stack_name": "waits", "template": template(both, text)}
    made_stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok()["stack"]
    (await user.get("heat-api", f"/v1/{user.project_id}/stacks/waits/{made_stack['id']}")).ok()
    await signal(user, {**made_stack, "stack_name": "waits"}, "d", {"deploy_stdout": "hi", "deploy_status_code": 0})
    assert outputs(await at_rest(user, "waits", made_stack["id"]))["out"] == "hi"


async def test_a_stack_as_a_resource(cloud: Cloud) -> None:
    """It is a stack of its own; a delete takes it along."""
    user = await cloud.user()
    inner = template({"r": {"type": "OS::Heat::RandomString"}}, {"k": {"get_attr": ["r", "value"]}})
    outer = {"s": {"type": "OS::Heat::Stack", "properties": {"template": json.dumps(inner)}}}
    wanted = {"all": {"get_attr": ["s", "outputs"]}, "id": {"get_resource": "s"}}
    stack = await made(user, "outer", template(outer, wanted))
    found = outputs(stack)
    assert len(found["all"]["k"]) == 32
    path = f"/v1/{user.project_id}/stacks"
    names = {one["id"] for one in (await user.get("heat-api", path)).ok()["stacks"]}
    assert {stack["id"], found["id"]} == names
    (await user.delete("heat-api", f"{path}/outer/{stack['id']}")).ok()
    await at_rest(user, "outer", stack["id"])
    assert not (await user.get("heat-api", path)).ok()["stacks"]
