"""What the planted objects of the policy matrix are made of, and the bodies of what is looked at before a policy."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.message import Message

from mopenstack.container_infra.v1 import clusters_pb2 as container_infra
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.core.dns.operators.pools import DEFAULT_ID
from mopenstack.database.v1.clusters import clusters_pb2 as database
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.datastores.datastores_pb2 import DatastoreVersion
from mopenstack.database.v1.instances.instances_pb2 import Instance
from mopenstack.database.v1.modules_pb2 import Module
from mopenstack.dns.v2.recordsets.recordsets_pb2 import RecordSet
from mopenstack.dns.v2.zones import zones_pb2
from mopenstack.dns.v2.zones.zone_shares_pb2 import ZoneShare
from mopenstack.dns.v2.zones.zone_transfers_pb2 import ZoneTransferRequest
from mopenstack.dns.v2.zones.zones_pb2 import Zone
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7policies_pb2 import L7Policy
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member as PoolMember
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.statuses_pb2 import Provisioning
from mopenstack.network.v2.common.rbac_policies_pb2 import RbacPolicy
from mopenstack.network.v2.core.network_segment_ranges_pb2 import NetworkSegmentRange
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.orchestration.v1.software.software_deployments_pb2 import SoftwareDeployment
from mopenstack.orchestration.v1.stacks.stack_events_pb2 import StackEvent
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stack_snapshots_pb2 import StackSnapshot
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack
from mopenstack.volume.v3.backups.backups_pb2 import Backup
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.workflow.v2.action_executions_pb2 import ActionExecution
from mopenstack.workflow.v2.environments_pb2 import Environment
from mopenstack.workflow.v2.executions_pb2 import Execution
from mopenstack.workflow.v2.members_pb2 import Member as WorkflowMember
from mopenstack.workflow.v2.tasks_pb2 import Task
from mopenstack.workflow.v2.workbooks_pb2 import Workbook
from mopenstack.workflow.v2.workflows_pb2 import Workflow

PLANTED = "5eed5eed-5eed-45ee-95ee-d5eed5eed5ee"
"""Id of the object of each kind that belongs to the member's project."""
ACTIVE = "ac71feac-71fe-4ac7-9fea-c71feac71fea"
"""Id of an image with bytes, in two stores; the planted one waits for them."""
LENT = "1e471e47-1e47-4e47-9e47-1e471e471e47"
"""Id of an image that is shared with the other project, which has not taken it yet."""
SECOND_STORE = "second"

BODIES: dict[str, Any] = {
    "container_infra.v1.CreateCluster": {"cluster_template_id": PLANTED},
    "container_infra.v1.CreateClusterTemplate": {"image_id": PLANTED},
    "container_infra.v1.SignCertificate": {"cluster_uuid": PLANTED, "csr": "x"},
    "container_infra.v1.UpdateCluster": [],
    "container_infra.v1.UpdateClusterTemplate": [],
    "container_infra.v1.UpdateFederation": [],
    "container_infra.v1.UpdateNodeGroup": [],
    "database.v1.EditInstance": {"instance": {"name": "x"}},
    "dns.v2.CreateBlacklist": {"pattern": "x"},
    "dns.v2.CreatePool": {"name": "x"},
    "dns.v2.CreateTld": {"name": "x"},
    "dns.v2.CreateTsigKey": {
        "name": "x", "algorithm": "hmac-sha256", "secret": "x", "scope": "ZONE", "resource_id": PLANTED
    },
    "dns.v2.CreateZone": {"name": "example.org.", "email": "a@example.org"},
    "dns.v2.CreateZoneImport": {"zonefile": "x"},
    "dns.v2.CreateZoneShare": {"target_project_id": PLANTED},
    "dns.v2.CreateZoneTransferAccept": {"key": "x", "zone_transfer_request_id": PLANTED},
    "dns.v2.CreateRecordSet": {"name": "www.example.org.", "type": "A", "records": ["192.0.2.1"]},
    "workflow.v2.CreateMember": {"member_id": PLANTED},
    "workflow.v2.RerunTask": {"state": "SKIPPED"},
    "workflow.v2.UpdateActionExecution": {"state": "SUCCESS"},
    "workflow.v2.UpdateExecution": {"description": "x"},
    "workflow.v2.UpdateMember": {"status": "accepted"},
    "image.v2.AddLocation": {"url": "https://example.org/image"},
    "image.v2.CreateMember": {"member": "0123456789abcdef0123456789abcdef"},
    "image.v2.CreateMetadefAssociation": {"name": "OS::Nova::Flavor"},
    "image.v2.CreateMetadefNamespace": {"namespace": "x"},
    "image.v2.CreateMetadefObject": {"name": "x"},
    "image.v2.CreateMetadefProperty": {"name": "x", "type": "string", "title": "x"},
    "image.v2.CreateTask": {"type": "import", "input": {}},
    "image.v2.ImportImage": {"method": {"name": "web-download", "uri": "https://example.org/image"}},
    "image.v2.UpdateMember": {"status": "accepted"},
    "image.v2.UpdateMetadefNamespace": {"namespace": "x"},
    "image.v2.UpdateMetadefObject": {"name": "x"},
    "image.v2.UpdateMetadefProperty": {"name": "x", "type": "string", "title": "x"},
    "image.v2.UpdateMetadefTag": {"name": "x"},
    "compute.v2.CreateSecurityGroupRule": {
        "security_group_rule": {
            "parent_group_id": PLANTED, "ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8"
        }
    },
    "compute.v2.CreateServerExternalEvents": {"events": [{"name": "network-changed", "server_uuid": PLANTED}]},
    "compute.v2.CreateSnapshot": {"snapshot": {"volume_id": PLANTED}},
    "compute.v2.PutImageMetadataItem": {"meta": {PLANTED: "x"}},
    "compute.v2.RefuseRdpConsole": {"type": "rdp-html5"},
    "load_balancer.v2.CreateHealthMonitor": {
        "healthmonitor": {"pool_id": PLANTED, "type": "PING", "delay": 5, "timeout": 4, "max_retries": 3}
    },
    "load_balancer.v2.CreateL7Policy": {"l7policy": {"listener_id": PLANTED, "action": "REJECT"}},
    "load_balancer.v2.CreateListener": {
        "listener": {"loadbalancer_id": PLANTED, "protocol": "TCP", "protocol_port": 1}
    },
    "load_balancer.v2.CreatePool": {
        "pool": {"loadbalancer_id": PLANTED, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}
    },
    "load_balancer.v2.UpdateHealthMonitor": {"healthmonitor": {"name": "x"}},
    "load_balancer.v2.UpdateListener": {"listener": {"name": "x"}},
    "load_balancer.v2.UpdateL7Policy": {"l7policy": {"name": "x"}},
    "load_balancer.v2.UpdatePool": {"pool": {"name": "x"}},
    "network.v2.AddTags": {"tags": ["x"]},
    "network.v2.ReplaceTags": {"tags": ["x"]},
    "orchestration.v1.MarkResourceUnhealthy": {"mark_unhealthy": True},
    "orchestration.v1.PreviewUpdate": {"template": {"heat_template_version": "2021-04-16"}},
    "orchestration.v1.UpdateStack": {"template": {"heat_template_version": "2021-04-16"}},
    "placement.v1.ReplaceProviderAggregates": [],
}  # fmt: skip
"""Bodies of what is looked at before the policy, and of what the core itself decides."""

IMAGES = {
    "DeactivateImage": ACTIVE,
    "DeleteImageFromStore": ACTIVE,
    "DeleteMember": LENT,
    "DownloadImageData": ACTIVE,
    "GetMember": LENT,
    "ReactivateImage": ACTIVE,
    "UpdateMember": LENT,
}
"""The image that an operation of Glance is about, where it is not the planted one."""

STACKS = {"CancelUpdate": ACTIVE, "CancelWithoutRollback": ACTIVE}
"""The stack that an operation of Heat is about, where it is not the planted one: an update of it is under way."""
TEMPLATE = {
    "heat_template_version": "2021-04-16",
    "outputs": {PLANTED: {"value": "x"}},
    "resources": {PLANTED: {"type": "OS::Heat::WaitConditionHandle"}},
}

_ACTION = json.dumps({"runtime_context": {"index": 0}, "is_sync": False, "output": None, "input": {}, "number": 0})
_SPEC = {"name": "w", "tasks": {"t": {"action": "std.noop"}}}
_EXECUTION = json.dumps({"spec": _SPEC, "context": {}, "runtime_context": {}, "accepted": True, "number": 0})
_TASK = json.dumps(
    {
        "unique_key": "", "in_context": {}, "next_tasks": [], "has_next_tasks": False, "error_handled": False,
        "runtime_context": {}, "published": {}, "number": 0,
    }
)  # fmt: skip
FILLED: dict[type[Message], dict[str, Any]] = {
    ClusterTemplate: {"coe": "kubernetes", "server_type": "vm", "cluster_distro": "fedora-coreos"},
    container_infra.Cluster: {"name": "c", "status": "CREATE_COMPLETE", "cluster_template_id": PLANTED},
    NodeGroup: {
        "cluster_id": PLANTED, "name": "default-worker", "role": "worker", "is_default": True,
        "status": "CREATE_COMPLETE",
    },
    DatastoreVersion: {"manager": "mysql", "datastore_id": PLANTED},
    Instance: {
        "task": Instance.NONE, "service": Instance.HEALTHY, "server_id": PLANTED, "datastore_version_id": PLANTED,
    },
    Module: {"visible": True},
    database.Cluster: {"task": database.Cluster.NONE, "datastore_version_id": PLANTED},
    Configuration: {"datastore_version_id": PLANTED},
    ActionExecution: {"state": "RUNNING", "name": "std.async_noop", "inside": _ACTION},
    Environment: {"name": PLANTED},
    Execution: {
        "state": "ERROR", "params": "{}", "input": "{}", "output": "{}", "workflow_name": "w", "inside": _EXECUTION
    },
    Task: {
        "state": "ERROR", "name": "t", "type": "ACTION", "workflow_execution_id": PLANTED, "family": PLANTED,
        "inside": _TASK,
    },
    Workbook: {"name": PLANTED, "namespace": ""},
    Workflow: {"scope": "private"},
    WorkflowMember: {"resource_id": PLANTED, "member_id": PLANTED},
    Zone: {"type": Zone.PRIMARY, "name": "example.org.", "email": "a@example.org", "pool_id": DEFAULT_ID},
    ZoneTransferRequest: {"status": zones_pb2.ACTIVE, "key": "x", "zone_id": PLANTED},
    ZoneShare: {"zone_id": PLANTED},
    RecordSet: {"zone_id": PLANTED, "name": "www.example.org.", "type": "A"},
    Backup: {"status": Backup.AVAILABLE, "volume_id": PLANTED},
    Group: {"status": Group.AVAILABLE},
    HealthMonitor: {"pool_id": PLANTED, "provisioning_status": Provisioning.ACTIVE},
    L7Policy: {"listener_id": PLANTED, "position": 1, "provisioning_status": Provisioning.ACTIVE},
    L7Rule: {"l7policy_id": PLANTED, "provisioning_status": Provisioning.ACTIVE},
    Listener: {"loadbalancer_id": PLANTED, "provisioning_status": Provisioning.ACTIVE},
    LoadBalancer: {"provider": "amphora", "provisioning_status": Provisioning.ACTIVE},
    NetworkSegmentRange: {"network_type": "vxlan", "minimum": 3000, "maximum": 3010},
    Pool: {"loadbalancer_id": PLANTED, "provisioning_status": Provisioning.ACTIVE},
    PoolMember: {"pool_id": PLANTED, "provisioning_status": Provisioning.ACTIVE},
    RbacPolicy: {
        "object_type": "network", "object_id": PLANTED, "action": "access_as_shared", "target_tenant": ACTIVE
    },
    Segment: {"network_id": PLANTED, "network_type": "vxlan"},
    SoftwareDeployment: {"config_id": ACTIVE},
    Stack: {
        "stack_name": PLANTED, "stack_status": "CREATE_COMPLETE", "template_number": 1,
        "template": json.dumps(TEMPLATE),
    },
    StackResource: {
        "stack_id": PLANTED, "resource_name": PLANTED, "resource_type": "OS::Heat::WaitConditionHandle",
        "action": "CREATE", "status": "COMPLETE", "template": 1,
    },
    StackEvent: {"stack_id": PLANTED, "resource_name": PLANTED, "uuid": PLANTED},
    StackSnapshot: {
        "stack_id": PLANTED, "status": "COMPLETE", "data": {"template": TEMPLATE, "environment": {}, "files": {}},
    },
    Subnet: {"network_id": PLANTED, "cidr": "192.0.2.0/24", "ip_version": 4},
    Subnetpool: {
        "prefixes": ["198.51.100.0/24"], "ip_version": 4, "default_prefixlen": "26", "min_prefixlen": "8",
        "max_prefixlen": "32",
    },
}  # fmt: skip
"""What else an object must have, so that the handlers can do their work on it."""
