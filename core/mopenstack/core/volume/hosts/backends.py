"""What serves the volumes, and what the API says of itself. Source: cinder/api/contrib/*; DevStack's one back end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from mopenstack.contract.faults import NotFound
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.volume.base import RESOURCE_FILTERS, ZONE, boolean
from mopenstack.core.volume.hosts.replication import reports, targets
from mopenstack.core.volume.hosts.scheduling import POOLS, Pool, allocated, fits, pool_named
from mopenstack.core.volume.hosts.services import SERVICES, state_of
from mopenstack.core.volume.types.types import Types
from mopenstack.volume.v3.hosts import backends_pb2 as pb2
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

POOL_FILTERS_SINCE = 28
POOL_TYPE_SINCE = 35

EXTENSIONS = (
    ("AdminActions", "os-admin-actions", "Enable admin actions.", "2012-08-25T00:00:00+00:00"),
    ("AvailabilityZones", "os-availability-zone", "Describe Availability Zones.", "2013-06-27T00:00:00+00:00"),
    ("Backups", "backups", "Backups support.", "2012-12-12T00:00:00+00:00"),
    ("Capabilities", "capabilities", "Capabilities support.", "2015-08-31T00:00:00+00:00"),
    ("Cgsnapshots", "cgsnapshots", "cgsnapshots support.", "2014-08-18T00:00:00+00:00"),
    ("Consistencygroups", "consistencygroups", "consistency groups support.", "2014-08-18T00:00:00+00:00"),
    ("ExtendedServices", "os-extended-services", "Extended services support.", "2014-01-10T00:00:00-00:00"),
    ("ExtendedSnapshotAttributes", "os-extended-snapshot-attributes", "Extended SnapshotAttributes support.",
     "2012-06-19T00:00:00+00:00"),
    ("Hosts", "os-hosts", "Admin-only host administration.", "2011-06-29T00:00:00+00:00"),
    ("Qos_specs_manage", "qos-specs", "QoS specs support.", "2013-08-02T00:00:00+00:00"),
    ("QuotaClasses", "os-quota-class-sets", "Quota classes management support.", "2012-03-12T00:00:00+00:00"),
    ("Quotas", "os-quota-sets", "Quota management support.", "2011-08-08T00:00:00+00:00"),
    ("SchedulerHints", "OS-SCH-HNT", "Pass arbitrary key/value pairs to the scheduler.", "2013-04-18T00:00:00+00:00"),
    ("Scheduler_stats", "scheduler-stats", "Scheduler stats support.", "2014-09-07T00:00:00+00:00"),
    ("Services", "os-services", "Services support.", "2012-10-28T00:00:00-00:00"),
    ("SnapshotActions", "os-snapshot-actions", "Enable snapshot manager actions.", "2013-07-16T00:00:00+00:00"),
    ("SnapshotManage", "os-snapshot-manage", "Allows existing backend storage to be 'managed' by Cinder.",
     "2014-12-31T00:00:00+00:00"),
    ("SnapshotUnmanage", "os-snapshot-unmanage", "Enable volume unmanage operation.", "2014-12-31T00:00:00+00:00"),
    ("TypesExtraSpecs", "os-types-extra-specs", "Type extra specs support.", "2011-08-24T00:00:00+00:00"),
    ("TypesManage", "os-types-manage", "Types manage support.", "2011-08-24T00:00:00+00:00"),
    ("UsedLimits", "os-used-limits", "Provide data on limited resources that are being used.",
     "2013-10-03T00:00:00+00:00"),
    ("VolumeActions", "os-volume-actions", "Enable volume actions.", "2012-05-31T00:00:00+00:00"),
    ("VolumeEncryptionMetadata", "os-volume-encryption-metadata", "Volume encryption metadata retrieval support.",
     "2013-07-10T00:00:00+00:00"),
    ("VolumeHostAttribute", "os-vol-host-attr", "Expose host as an attribute of a volume.",
     "2011-11-03T00:00:00+00:00"),
    ("VolumeImageMetadata", "os-vol-image-meta", "Show image metadata associated with the volume.",
     "2012-12-07T00:00:00+00:00"),
    ("VolumeManage", "os-volume-manage", "Allows existing backend storage to be 'managed' by Cinder.",
     "2014-02-10T00:00:00+00:00"),
    ("VolumeMigStatusAttribute", "os-vol-mig-status-attr", "Expose migration_status as an attribute of a volume.",
     "2013-08-08T00:00:00+00:00"),
    ("VolumeTenantAttribute", "os-vol-tenant-attr", "Expose the internal project_id as an attribute of a volume.",
     "2011-11-03T00:00:00+00:00"),
    ("VolumeTransfer", "os-volume-transfer", "Volume transfer management support.", "2013-05-29T00:00:00+00:00"),
    ("VolumeTypeAccess", "os-volume-type-access", "Volume type access support.", "2014-06-26T00:00:00Z"),
    ("VolumeTypeEncryption", "encryption", "Encryption support for volume types.", "2013-07-01T00:00:00+00:00"),
    ("VolumeUnmanage", "os-volume-unmanage", "Enable volume unmanage operation.", "2012-05-31T00:00:00+00:00"),
)  # fmt: skip

DRIVER_PROPERTIES = {
    name: {"title": title, "description": description, "type": "boolean"}
    for name, title, description in (
        ("thin_provisioning", "Thin Provisioning", "Sets thin provisioning."),
        ("compression", "Compression", "Enables compression."),
        ("qos", "QoS", "Enables QoS."),
        ("replication_enabled", "Replication", "Enables replication."),
    )
}


class Backends(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Backends"]
    fixed: ClassVar[Mapping[str, Message]] = {
        "ListAvailabilityZones": pb2.AvailabilityZonesResponse(
            zones=[{"zone_name": ZONE, "zone_state": {"available": True}}]
        ),
        "ListExtensions": pb2.ListExtensionsResponse(
            extensions=[
                {"name": name, "alias": alias, "description": description, "updated": updated}
                for name, alias, description, updated in EXTENSIONS
            ]
        ),
    }

    async def list_hosts(self, call: Call, request: pb2.ListHostsRequest) -> Result:
        response = pb2.ListHostsResponse()
        for service in SERVICES if request.zone in ("", ZONE) else ():
            state = await state_of(call, service)
            item = response.hosts.add(host_name=service.host, service=service.binary, zone=ZONE, status="available")
            item.state = "disabled" if state.disabled else "enabled"
            call.stamp(item.updated_at)
        return response

    async def get_host(self, call: Call, request: pb2.GetHostRequest) -> Result:
        pool = pool_named(request.host_name)
        if pool is None or request.host_name != pool.host:
            raise NotFound(f"Service cinder-volume could not be found on host {request.host_name}.")
        volumes = [volume for volume in await call.tx.scan(Volume) if volume.host == pool.name]
        here = {volume.id for volume in volumes}
        snapshots = [snapshot for snapshot in await call.tx.scan(Snapshot) if snapshot.volume_id in here]
        projects = sorted({volume.project_id for volume in volumes})
        response = pb2.HostResponse()
        for project in ("", *projects):
            own = [volume for volume in volumes if project in ("", volume.project_id)]
            taken = [snapshot for snapshot in snapshots if project in ("", snapshot.project_id)]
            resource = response.host.add().resource
            resource.host, resource.project = pool.host, project or "(total)"
            resource.volume_count, resource.total_volume_gb = str(len(own)), str(sum(item.size for item in own))
            resource.snapshot_count = str(len(taken))
            resource.total_snapshot_gb = str(sum(item.size for item in taken))
        return response

    async def get_capabilities(self, call: Call, request: pb2.GetHostRequest) -> Result:
        pool = pool_named(request.host_name)
        if pool is None:
            raise NotFound(f"Can't find service: {request.host_name}")
        return pb2.CapabilitiesResponse(capabilities=to_struct(_driver_capabilities(call, pool)))

    async def list_pools(self, call: Call, request: pb2.ListPoolsRequest) -> Result:
        """By name and, since 3.35, by what a volume type asks for."""
        response = pb2.ListPoolsResponse()
        detail = boolean("detail", request.detail)
        specs: dict[str, str] = {}
        if call.at_least(POOL_TYPE_SINCE) and request.volume_type:
            specs = dict((await call.service(Types).by_name_or_id(call, request.volume_type)).extra_specs)
        for pool in POOLS:
            if (call.at_least(POOL_FILTERS_SINCE) and request.name not in ("", pool.name)) or not fits(
                call, pool, specs
            ):
                continue
            item = response.pools.add(name=pool.name)
            if detail:
                told = pool.capabilities(await allocated(call, pool), replicates=reports(call, pool.backend))
                told["timestamp"] = call.now.strftime("%Y-%m-%dT%H:%M:%S.%f")
                item.capabilities.CopyFrom(to_struct(told))
        return response

    async def list_resource_filters(self, call: Call, request: pb2.ListResourceFiltersRequest) -> Result:
        filters = pb2.ListResourceFiltersResponse.Filters
        return pb2.ListResourceFiltersResponse(
            resource_filters=[
                filters(resource=resource, filters=names)
                for resource, names in RESOURCE_FILTERS.items()
                if request.resource in ("", resource)
            ]
        )


def _driver_capabilities(call: Call, pool: Pool) -> dict[str, object]:
    return {
        "namespace": f"OS::Storage::Capabilities::{pool.host}",
        "vendor_name": "Open Source",
        "volume_backend_name": pool.backend,
        "pool_name": None,
        "driver_version": "3.0.0",
        "storage_protocol": "iSCSI",
        "display_name": None,
        "description": None,
        "visibility": None,
        "replication_targets": targets(call, pool.backend),
        "properties": DRIVER_PROPERTIES,
    }
