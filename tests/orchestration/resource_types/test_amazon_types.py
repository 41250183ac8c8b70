"""CloudFormation's types on this cloud's services."""

from __future__ import annotations

from typing import Any

from tests.conftest import Cloud
from tests.orchestration.stacks import changed, made, outputs


def _of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _template(resources: dict[str, Any], **shown: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    return {**document, "Outputs": {name: {"Value": value} for name, value in shown.items()}}


async def test_a_vpc_with_an_instance_and_an_elastic_ip(cloud: Cloud) -> None:
    """A VPC's router gets the subnet, its route table the gateway, the instance a port and an address outside."""
    user = await cloud.user()
    rule = {"IpProtocol": "tcp", "FromPort": "22", "ToPort": "22", "CidrIp": "0.0.0.0/0"}
    resources = {
        "vpc": _of("EC2::VPC", CidrBlock="10.7.0.0/16"),
        "net": _of("EC2::Subnet", VpcId=_ref("vpc"), CidrBlock="10.7.1.0/24", AvailabilityZone="nova"),
        "igw": _of("EC2::InternetGateway"),
        "table": _of("EC2::RouteTable", VpcId=_ref("vpc")),
        "gate": _of("EC2::VPCGatewayAttachment", VpcId=_ref("vpc"), InternetGatewayId=_ref("igw")),
        "on": _of("EC2::SubnetRouteTableAssociation", SubnetId=_ref("net"), RouteTableId=_ref("table")),
        "group": _of("EC2::SecurityGroup", GroupDescription="ssh", VpcId=_ref("vpc"), SecurityGroupIngress=[rule]),
        "vm": _of(
            "EC2::Instance",
            ImageId="cirros-0.6.3-x86_64-disk",
            InstanceType="m1.tiny",
            SubnetId=_ref("net"),
            SecurityGroups=[_ref("group")],
            Tags=[{"Key": "role", "Value": "web"}],
            UserData="#!/bin/sh",
        ),
        "disk": _of("EC2::Volume", Size=1, AvailabilityZone="nova"),
        "plug": _of("EC2::VolumeAttachment", InstanceId=_ref("vm"), VolumeId=_ref("disk"), Device="/dev/vdb"),
        "ip": _of("EC2::EIP"),
        "map": {**_of("EC2::EIPAssociation", EIP=_ref("ip"), InstanceId=_ref("vm")), "DependsOn": ["on", "gate"]},
        "bucket": _of("S3::Bucket", Tags=[{"Key": "a", "Value": "b"}]),
    }
    shown = {
        "group": _ref("group"),
        "vm": _ref("vm"),
        "address": _ref("ip"),
        "private": {"Fn::GetAtt": ["vm", "PrivateIp"]},
        "zone": {"Fn::GetAtt": ["net", "AvailabilityZone"]},
        "site": {"Fn::GetAtt": ["bucket", "WebsiteURL"]},
    }
    stack = await made(user, "vpc", _template(resources, **shown))
    values = outputs(stack)
    server = (await user.get("compute", f"/v2.1/servers/{values['vm']}")).ok()["server"]
    assert server["metadata"] == {"role": "web"}
    assert server["os-extended-volumes:volumes_attached"]
    assert values["zone"] == "nova"
    assert "/object-store/v1/AUTH_" in values["site"]
    assert any(one["addr"] == values["address"] for found in server["addresses"].values() for one in found)
    resources["group"]["Properties"]["SecurityGroupIngress"] = [{**rule, "FromPort": "80", "ToPort": "80"}]
    resources["vm"]["Properties"]["Tags"] = [{"Key": "role", "Value": "db"}]
    stack = await changed(user, stack, _template(resources, **shown))
    assert outputs(stack)["vm"] == values["vm"]
    group = (await user.get("network", f"/v2.0/security-groups/{values['group']}")).ok()["security_group"]
    ingress = [one for one in group["security_group_rules"] if one["direction"] == "ingress"]
    assert [(one["port_range_min"], one["port_range_max"]) for one in ingress] == [(80, 80)]
    path = f"/v1/{user.project_id}/stacks/vpc/{stack['id']}"
    (await user.delete("heat-api", path)).ok(204)


async def test_the_keys_of_a_stack_user(cloud: Cloud) -> None:
    """A key is a user's; a key of nobody is refused."""
    user = await cloud.user()
    resources = {"u": _of("IAM::User"), "k": _of("IAM::AccessKey", UserName=_ref("u"))}
    secret = {"Fn::GetAtt": ["k", "SecretAccessKey"]}
    values = outputs(await made(user, "iam", _template(resources, key=_ref("k"), secret=secret)))
    assert len(values["key"]) == len(values["secret"]) == 32
    stack = await made(user, "none", _template({"k": _of("IAM::AccessKey", UserName="nobody")}))
    assert "could not find user nobody" in stack["stack_status_reason"]
