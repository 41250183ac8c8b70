"""Signals by signed addresses, as a server without a token sends them."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from tests.conftest import Cloud, Reply, User
from tests.orchestration.stacks import at_rest, made, outputs, template

SERVER = "11111111-1111-1111-1111-111111111111"


async def send(cloud: Cloud, verb: str, url: str, json: Any = None, **options: Any) -> Reply:
    """A request to a whole address, without a token."""
    assert url.startswith(cloud.url)
    return await cloud.anonymous.send(verb, url.removeprefix(f"{cloud.url}/"), "", json, **options)


def code(reply: Reply) -> str | None:
    """The Code of a refusal in XML."""
    assert reply.headers["Content-Type"].startswith("application/xml")
    return ElementTree.fromstring(reply.content).findtext("Error/Code")


async def begun(user: User, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """A stack that is under way."""
    body = {"stack_name": name, "template": document}
    stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
    shown = await user.get("heat-api", f"/v1/{user.project_id}/stacks/{name}/{stack['id']}")
    found: dict[str, Any] = shown.ok()["stack"]
    return found


async def scaling(user: User) -> dict[str, Any]:
    """A stack of a group and the policy that makes it larger."""
    member = {"type": "OS::Heat::RandomString", "properties": {"length": 5}}
    policy = {
        "auto_scaling_group_id": {"get_resource": "g"},
        "adjustment_type": "change_in_capacity",
        "scaling_adjustment": 1,
    }
    resources = {
        "g": {"type": "OS::Heat::AutoScalingGroup", "properties": {"min_size": 1, "max_size": 3, "resource": member}},
        "up": {"type": "OS::Heat::ScalingPolicy", "properties": policy},
    }
    wanted = {"n": {"get_attr": ["g", "current_size"]}, "url": {"get_attr": ["up", "alarm_url"]}}
    return await made(user, "scaling", template(resources, wanted))


async def test_an_alarm_scales(cloud: Cloud) -> None:
    """The address of a policy is all that its alarm needs; what is signed cannot be changed."""
    user = await cloud.user()
    stack = await scaling(user)
    url = outputs(stack)["url"]
    catalog = (await user.get("identity", "/v3/auth/catalog")).ok()["catalog"]
    (entry,) = (one for one in catalog if one["type"] == "cloudformation")
    assert url.startswith(next(one["url"] for one in entry["endpoints"] if one["interface"] == "public") + "/signal/")
    reply = await send(cloud, "POST", url, {"current": "alarm"})
    assert (reply.status, reply.content) == (200, b"")
    assert outputs(await at_rest(user, "scaling", stack["id"]))["n"] == 2
    assert code(await send(cloud, "POST", url.replace("resources%2Fup", "resources%2Fg"))) == "AccessDenied"
    bare, _, query = url.partition("?")
    assert code(await send(cloud, "POST", bare)) == "IncompleteSignature"
    assert code(await send(cloud, "POST", f"{bare}?Signature=x")) == "MissingAuthenticationToken"
    forged = await send(cloud, "POST", f"{bare}?{query}x")
    assert (forged.status, code(forged)) == (403, "AccessDenied")
    refused = await send(cloud, "POST", f"{bare}?ContentType=JSON")
    assert refused.refused(400)["ErrorResponse"]["Error"] == {
        "Type": "Sender",
        "Code": "IncompleteSignature",
        "Message": "The request signature does not conform to AWS standards",
    }
    assert (await send(cloud, "POST", bare, headers={"X-Auth-User": "demo"})).status == 401
    known = {"X-Auth-User": "demo", "X-Auth-Token": user.token}
    assert (await send(cloud, "POST", bare, headers=known)).status == 200
    assert outputs(await at_rest(user, "scaling", stack["id"]))["n"] == 3
    for path in ("stacks/scaling", "stacks/no/no/resources/up"):
        wrong = f"{cloud.url}/heat-api-cfn/v1/signal/arn:openstack:heat::{user.project_id}:{path}"
        reply = await send(cloud, "POST", wrong, headers=known)
        assert (reply.status, code(reply)) == (400, "InvalidParameterValue")


async def test_users_of_a_stack(cloud: Cloud) -> None:
    """They are Keystone's, in a project of the stack, and go with it; a suspended one signs nothing."""
    user, admin = await cloud.user(), await cloud.user("admin")
    stack = await scaling(user)
    url, base = outputs(stack)["url"], f"/v1/{user.project_id}/stacks/scaling/{stack['id']}"
    shown = (await user.get("heat-api", f"{base}/resources/up")).ok()["resource"]
    found = (await admin.get("identity", f"/v3/users/{shown['physical_resource_id']}")).ok()["user"]
    assert found["name"].startswith("scaling-up-")
    assert found["default_project_id"] == stack["stack_user_project_id"]
    project = (await admin.get("identity", f"/v3/projects/{stack['stack_user_project_id']}")).ok()["project"]
    assert project["name"] == f"{user.project_id}-{stack['id']}"[:64]
    (await user.post("heat-api", f"{base}/actions", {"suspend": None})).ok()
    await at_rest(user, "scaling", stack["id"])
    assert code(await send(cloud, "POST", url)) == "AccessDenied"
    (await user.post("heat-api", f"{base}/actions", {"resume": None})).ok()
    await at_rest(user, "scaling", stack["id"])
    assert (await send(cloud, "POST", url)).status == 200
    (await user.delete("heat-api", base)).ok()
    await at_rest(user, "scaling", stack["id"])
    (await admin.get("identity", f"/v3/users/{found['id']}")).refused(404)
    (await admin.get("identity", f"/v3/projects/{project['id']}")).refused(404)
    assert code(await send(cloud, "POST", url)) == "AccessDenied"


async def test_a_wait_condition(cloud: Cloud) -> None:
    """Its handle is an address; the answer tells what has been heard so far. It is good for a quarter of an hour."""
    user = await cloud.user()
    properties = {"Handle": {"get_resource": "h"}, "Timeout": "60", "Count": 2}
    resources = {
        "h": {"type": "AWS::CloudFormation::WaitConditionHandle"},
        "w": {"type": "AWS::CloudFormation::WaitCondition", "properties": properties},
    }
    wanted = {"url": {"get_resource": "h"}, "data": {"get_attr": ["w", "Data"]}}
    stack = await begun(user, "waits", template(resources, wanted))
    assert stack["stack_status"] == "CREATE_IN_PROGRESS"
    url = next(one["output_value"] for one in stack["outputs"] if one["output_key"] == "url")
    signal = {"Status": "SUCCESS", "Reason": "r", "Data": "d", "UniqueId": "1"}
    reply = await send(cloud, "PUT", url, signal)
    assert (reply.status, reply.content) == (200, b"<resource>h</resource>")
    assert code(await send(cloud, "PUT", url, {"Status": "SUCCESS"})) == "InternalFailure"
    as_json = {"headers": {"Content-Type": "application/json"}}
    wrong: list[dict[str, Any]] = [{"data": b"{"}, {"data": b"{", **as_json}, {"json": []}]
    for body in wrong:
        assert code(await send(cloud, "PUT", url, **body)) == "HTTPBadRequest"
    (await send(cloud, "PUT", url, {**signal, "UniqueId": "2", "Data": "e"})).ok(200)
    assert json.loads(outputs(await at_rest(user, "waits", stack["id"]))["data"]) == {"1": "d", "2": "e"}


async def test_a_deployment(cloud: Cloud) -> None:
    """It ends with the signal to the address among the inputs of its configuration."""
    user = await cloud.user()
    config = {"type": "OS::Heat::SoftwareConfig", "properties": {"group": "script", "config": "echo"}}
    waits = {"config": {"get_resource": "c"}, "server": SERVER}
    resources = {"c": config, "d": {"type": "OS::Heat::SoftwareDeployment", "properties": waits}}
    stack = await begun(user, "deploys", template(resources, {"out": {"get_attr": ["d", "deploy_stdout"]}}))
    path = f"/v1/{user.project_id}/software_deployments/metadata/{SERVER}"
    (deployed,) = (await user.get("heat-api", path)).ok()["metadata"]
    values = {one["name"]: one["value"] for one in deployed["inputs"]}
    signal = {"deploy_stdout": "hi", "deploy_status_code": "0"}
    assert values["deploy_signal_verb"] == "POST"
    (await send(cloud, "POST", values["deploy_signal_id"], signal)).ok(200)
    assert outputs(await at_rest(user, "deploys", stack["id"]))["out"] == "hi"


async def test_other_credentials(cloud: Cloud) -> None:
    """A handle may be signalled with a token of its own, or with the password of its user."""
    user = await cloud.user()
    properties = {"handle": {"get_resource": "h"}, "timeout": 60, "count": 2}
    resources = {
        "h": {"type": "OS::Heat::WaitConditionHandle"},
        "p": {"type": "OS::Heat::WaitConditionHandle", "properties": {"signal_transport": "HEAT_SIGNAL"}},
        "w": {"type": "OS::Heat::WaitCondition", "properties": properties},
    }
    wanted = {name: {"get_attr": ["h", name]} for name in ("token", "endpoint", "curl_cli")}
    stack = await begun(user, "others", template(resources, {**wanted, "known": {"get_attr": ["p", "signal"]}}))
    found = {one["output_key"]: one["output_value"] for one in stack["outputs"]}
    assert f"-H 'X-Auth-Token: {found['token']}'" in found["curl_cli"]
    for _ in range(2):
        (await send(cloud, "POST", found["endpoint"], {}, headers={"X-Auth-Token": found["token"]})).ok(200)
    assert (await at_rest(user, "others", stack["id"]))["stack_status"] == "CREATE_COMPLETE"
    known = json.loads(found["known"])
    scope = {"project": {"id": known["project_id"]}}
    stack_user = await cloud.login({"id": known["user_id"], "password": known["password"]}, scope)
    assert known["alarm_url"].startswith(f"{cloud.url}/heat-api/v1/{known['project_id']}/")
    path = known["alarm_url"].removeprefix(f"{cloud.url}/heat-api")
    (await stack_user.post("heat-api", path, {"data": "x"})).ok(200)
    (await stack_user.get("heat-api", f"/v1/{known['project_id']}/stacks")).refused(403)
