"""Which class serves which type."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.resource_types import published
from mopenstack.core.orchestration.resource_types.base import ResourceType
from mopenstack.core.orchestration.resource_types.described import Described

_PACKAGE = __name__.rpartition(".")[0]

OWN: Mapping[str, str] = {
    "OS::Heat::TestResource": "own.simple:TestResource",
    "OS::Heat::None": "own.simple:NoneResource",
    "OS::Heat::RandomString": "own.simple:RandomString",
    "OS::Heat::Value": "own.simple:Value",
    "OS::Heat::Delay": "own.simple:Delay",
    "OS::Heat::AccessPolicy": "own.simple:AccessPolicy",
    "OS::Heat::WaitCondition": "own.waiting:Condition",
    "OS::Heat::WaitConditionHandle": "own.waiting:HeatHandle",
    "OS::Heat::UpdateWaitConditionHandle": "own.waiting:UpdateHandle",
    "AWS::CloudFormation::WaitCondition": "own.waiting:Condition",
    "AWS::CloudFormation::WaitConditionHandle": "own.waiting:CfnHandle",
    "OS::Heat::ResourceGroup": "own.resource_group:ResourceGroup",
    "OS::Heat::ResourceChain": "own.resource_group:Chain",
    "OS::Heat::SoftwareDeploymentGroup": "own.resource_group:DeploymentGroup",
    "OS::Heat::SoftwareDeployments": "own.resource_group:DeploymentGroup",
    "OS::Heat::StructuredDeploymentGroup": "own.resource_group:StructuredDeploymentGroup",
    "OS::Heat::StructuredDeployments": "own.resource_group:StructuredDeploymentGroup",
    "OS::Heat::AutoScalingGroup": "own.scaling:AutoScalingGroup",
    "OS::Heat::InstanceGroup": "own.scaling:InstanceGroup",
    "OS::Heat::ScalingPolicy": "own.scaling:ScalingPolicy",
    "AWS::AutoScaling::AutoScalingGroup": "own.scaling:AwsGroup",
    "AWS::AutoScaling::LaunchConfiguration": "own.scaling:LaunchConfiguration",
    "AWS::AutoScaling::ScalingPolicy": "own.scaling:ScalingPolicy",
    "OS::Heat::SoftwareConfig": "own.configs:Config",
    "OS::Heat::StructuredConfig": "own.configs:Config",
    "OS::Heat::SoftwareComponent": "own.configs:Component",
    "OS::Heat::CloudConfig": "own.configs:CloudConfig",
    "OS::Heat::MultipartMime": "own.configs:MultipartMime",
    "OS::Heat::SoftwareDeployment": "own.deployments:Deployment",
    "OS::Heat::StructuredDeployment": "own.deployments:StructuredDeployment",
    "OS::Heat::Stack": "own.stacks:Stack",
    "AWS::CloudFormation::Stack": "own.stacks:NestedStack",
    "AWS::IAM::User": "own.access:User",
    "AWS::IAM::AccessKey": "own.access:AccessKey",
    "OS::Heat::DeployedServer": "services.deployed:DeployedServer",
    "OS::Heat::SwiftSignalHandle": "services.swift_signals:SwiftSignalHandle",
    "OS::Heat::SwiftSignal": "services.swift_signals:SwiftSignal",
}
"""Types that stand for no single object of another service -> module and class."""

SERVICES: Mapping[str, str] = {
    "nova": "compute",
    "cinder": "volume",
    "glance": "image",
    "keystone": "identity",
    "octavia": "load_balancer",
    "designate": "dns",
    "barbican": "key_manager",
    "swift": "object_store",
    "neutron": "network",
    "openstack": "network",
    "manila": "shared_file_system",
    "magnum": "container_infra",
    "trove": "database",
    "mistral": "workflow",
}
"""Client of a type -> module of `services` with its rows."""


@cache
def find(name: str) -> ResourceType | None:
    """The type of a name; None where Heat has none."""
    try:
        line = published.published(name)
    except KeyError:
        return None
    if name in OWN:
        module, _, cls = OWN[name].partition(":")
        made: ResourceType = getattr(importlib.import_module(f"{_PACKAGE}.{module}"), cls)(name)
        return made
    service = "amazon" if name.startswith("AWS::") else SERVICES.get(line["client"] or "")
    types: Mapping[str, Any] = importlib.import_module(f"{_PACKAGE}.services.{service}").TYPES if service else {}
    if name not in types:
        return Unserved(name)
    kind, row = types[name]
    found: ResourceType = kind(row)
    return found


class Unserved(Described):
    """A type that is not served: a template with it is refused."""


_PROBES: Mapping[str, str] = {
    "nova": "compute.v2.Servers.GetServer",
    "cinder": "volume.v3.Volumes.GetVolume",
    "glance": "image.v2.Images.GetImage",
    "keystone": "identity.v3.Users.GetUser",
    "neutron": "network.v2.Networks.GetNetwork",
    "openstack": "network.v2.Networks.GetNetwork",
    "octavia": "load_balancer.v2.LoadBalancers.GetLoadBalancer",
    "designate": "dns.v2.Zones.GetZone",
    "barbican": "key_manager.v1.Secrets.GetSecret",
    "swift": "object_store.v1.Containers.ShowContainer",
    "manila": "shared_file_system.v2.Shares.GetShare",
    "magnum": "container_infra.v1.Clusters.GetCluster",
    "trove": "database.v1.Instances.GetInstance",
    "mistral": "workflow.v2.Workflows.GetWorkflow",
}
"""Client of a type -> an RPC that is served where its service is."""

_CLIENTS: Mapping[str, str] = {"AWS::EC2::SecurityGroup": "neutron", "AWS::EC2::InternetGateway": "neutron"}
"""Clients of types for which Heat names none."""


def unavailable(call: Call, kind: ResourceType) -> str:
    """Why a type cannot be used in this cloud; "" where it can."""
    client = _CLIENTS.get(kind.name, kind.client)
    probe = _PROBES.get(client or "")
    served = client in (None, "heat") or (probe is not None and call.serves(f"mopenstack.{probe}"))
    if served and not isinstance(kind, Unserved):
        return ""
    service = kind.client or kind.name.split("::")[1].lower()
    return (
        f"HEAT-E99001 Service {service} is not available for resource type {kind.name}, reason: "
        "Service endpoint not in service catalog."
    )
