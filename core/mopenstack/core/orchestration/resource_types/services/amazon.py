"""AWS types: the objects of Nova, Neutron, Cinder and Swift under CloudFormation's names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mopenstack.contract.faults import Conflict, NotFound
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Row, refuse, soon, table, unspecified
from mopenstack.core.orchestration.resource_types.services import amazon_network as network
from mopenstack.core.orchestration.resource_types.services import (
    object_store,
    server_attributes,
    servers,
    user_data,
    volumes,
)

_COMPUTE, _NETWORK, _VOLUME = "mopenstack.compute.v2.", "mopenstack.network.v2.", "mopenstack.volume.v3."
_SWIFT = "mopenstack.object_store.v1."
NOVA = 96
_NOWHERE = "0.0.0.0"  # noqa: S104


def _tags(tags: Any) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in tags or ()}


class Instance(servers.Server):
    """AWS::EC2::Instance: a server. The port that is made for its subnet is kept in its data."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        return []

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        if (given.get("SecurityGroups") or given.get("SecurityGroupIds")) and given.get("NetworkInterfaces"):
            text = "SecurityGroups/SecurityGroupIds, NetworkInterfaces"
            text = f"Cannot define the following properties at the same time: {text}."
            raise ResourceFailure(text, "ResourcePropertyConflict")
        for one in given.get("BlockDeviceMappings") or ():
            what = "SnapshotId" if one.get("Ebs") else "Ebs"
            refuse(
                not (one.get("Ebs") or {}).get("SnapshotId"),
                f"{what} is missing, this is required when specifying BlockDeviceMappings.",
            )

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        nics = await self._nics(context, resource, given)
        if nics is None:
            raise ResourceFailure("nics are required after microversion 2.36", "ValueError")
        data = user_data.multipart(resource.metadata, str(given.get("UserData") or ""))
        body: dict[str, Any] = {
            "name": context.physical_name(resource, self.limit),
            "flavorRef": await references.find(context, "nova.flavor", given["InstanceType"]),
            "imageRef": await references.find(context, "glance.image", given["ImageId"]),
            "networks": [{"port": one} for one in nics],
            "user_data": base64.b64encode(data.encode()).decode(),
        }
        for name, key in (("KeyName", "key_name"), ("AvailabilityZone", "availability_zone")):
            if given.get(name):
                body[key] = given[name]
        if given.get("Tags"):
            body["metadata"] = _tags(given["Tags"])
        devices = [_device(one) for one in given.get("BlockDeviceMappings") or ()]
        if devices:
            image = {"uuid": body["imageRef"], "source_type": "image", "destination_type": "local"}
            body["block_device_mapping_v2"] = [{**image, "boot_index": 0, "delete_on_termination": True}, *devices]
        hints: dict[str, Any] = {}
        for one in given.get("NovaSchedulerHints") or ():
            there = hints.get(one["Key"])
            old = there if isinstance(there, list) else [there]
            hints[one["Key"]] = one["Value"] if there is None else [*old, one["Value"]]
        beside = {"os:scheduler_hints": hints} if hints else None
        made = await rpcs.call(context, self.rpc("Create"), (), body, beside=beside, microversion=self.row.microversion)
        return str(made["id"])

    @staticmethod
    async def _nics(context: Context, resource: Resource, given: Mapping[str, Any]) -> list[str] | None:
        """The ports of the instance, in order."""
        wanted = given.get("NetworkInterfaces")
        if wanted:
            nics: list[dict[str, Any]] = [
                {"NetworkInterfaceId": one, "DeviceIndex": index} if isinstance(one, str) else one
                for index, one in enumerate(wanted)
            ]
            return [one["NetworkInterfaceId"] for one in sorted(nics, key=lambda one: int(one["DeviceIndex"]))]
        if not given.get("SubnetId"):
            return None
        groups = [*(given.get("SecurityGroups") or ()), *(given.get("SecurityGroupIds") or ())]
        port = await network.make_port(context, given["SubnetId"], groups or None)
        resource.data["port_id"] = str(port["id"])
        return [str(port["id"])]

    async def created(self, context: Context, resource: Resource) -> float | None:
        left = await self._active(context, resource, "Instance is not active")
        wanted = resource.properties.get("Volumes") or []
        if left is not None or not wanted:
            return left
        attached = json.loads(resource.data.get("attached") or "[]")
        for one in wanted:
            if one["VolumeId"] not in attached:
                await volumes.attach(context, resource.physical_id, one["VolumeId"], one.get("Device"))
                attached.append(one["VolumeId"])
        resource.data["attached"] = json.dumps(attached)
        states = [await volumes.is_attached(context, one["VolumeId"]) for one in wanted]
        return None if all(states) else soon(context)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if "Tags" in changed:
            body = {"metadata": _tags(new.get("Tags"))}
            await rpcs.call(context, f"{_COMPUTE}ServerMetadata.ReplaceServerMetadata", [resource.physical_id], body)
        steps: list[dict[str, Any]] = []
        if "InstanceType" in changed:
            flavor = await references.find(context, "nova.flavor", new["InstanceType"])
            steps += [{"do": "resize", "flavorRef": flavor}, {"do": "confirm"}]
        if changed & {"NetworkInterfaces", "SubnetId"}:
            steps += await self._moves(context, resource, new)
        resource.data["steps"] = json.dumps({"todo": steps, "doing": None})

    async def _moves(self, context: Context, resource: Resource, new: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What changes the interfaces."""
        before, after = resource.properties.get("NetworkInterfaces") or [], new.get("NetworkInterfaces") or []
        if before and after:
            gone, come = [one for one in before if one not in after], [one for one in after if one not in before]
            old = await self._nics(context, resource, {"NetworkInterfaces": gone}) or []
            nics = await self._nics(context, resource, {"NetworkInterfaces": come}) or []
        else:
            operation = f"{_COMPUTE}ServerInterfaces.ListServerInterfaces"
            old = [one["port_id"] for one in await rpcs.listed(context, operation, path=[resource.physical_id])]
            await self._drop_port(context, resource)
            found = await self._nics(context, resource, new)
            nics = found if found is not None else [""]
        detached = [{"do": "detach", "port_id": one} for one in old]
        return detached + [{"do": "attach", **({"port_id": one} if one else {})} for one in nics]

    async def delete(self, context: Context, resource: Resource) -> None:
        await self._drop_port(context, resource)
        await rpcs.call(context, self.rpc("Delete"), [resource.physical_id], microversion=self.row.microversion)

    @staticmethod
    async def _drop_port(context: Context, resource: Resource) -> None:
        port = resource.data.pop("port_id", None)
        if port:
            try:
                await rpcs.call(context, f"{_NETWORK}Ports.DeletePort", [port])
            except NotFound:
                return

    async def check(self, context: Context, resource: Resource) -> None:
        status = str((await self.document(context, resource))["status"])
        if await self._active(context, resource, "Instance is not active") is not None:
            raise ResourceFailure(f"Instance is not ACTIVE (was: {status})")

    async def snapshot(self, context: Context, resource: Resource) -> dict[str, str]:
        return dict(resource.data)

    async def delete_snapshot(self, context: Context, resource: Resource, data: Mapping[str, str]) -> None:
        return

    async def restore(
        self, context: Context, resource: Resource, properties: dict[str, Any], data: Mapping[str, str]
    ) -> dict[str, Any]:
        return properties

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        try:
            found = await self.document(context, resource)
        except NotFound:
            return None if name == "AvailabilityZone" else _NOWHERE
        if name == "AvailabilityZone":
            return found.get("OS-EXT-AZ:availability_zone")
        return await server_attributes.attribute(context, found, "first_address") or _NOWHERE


def _device(mapping: Mapping[str, Any]) -> dict[str, Any]:
    ebs = mapping["Ebs"]
    device = {
        "device_name": mapping.get("DeviceName"),
        "uuid": ebs["SnapshotId"],
        "source_type": "snapshot",
        "destination_type": "volume",
        "volume_size": ebs.get("VolumeSize"),
        "delete_on_termination": ebs.get("DeleteOnTermination"),
    }
    return {key: int(value) if key == "volume_size" else value for key, value in device.items() if value is not None}


class Association(network.Plain):
    """AWS::EC2::EIPAssociation: a floating IP, told by its address or its id, at a server or port."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.given
        refuse(("EIP" in given) == ("AllocationId" in given), "Either 'EIP' or 'AllocationId' must be provided.")
        refuse("EIP" in given and "InstanceId" not in given, "Must specify 'InstanceId' if you specify 'EIP'.")
        unspecified(resource, "InstanceId", "NetworkInterfaceId")

    async def create(self, context: Context, resource: Resource) -> str | None:
        return await self._bind(context, resource.properties)

    async def _bind(self, context: Context, given: Mapping[str, Any]) -> str | None:
        if given.get("EIP"):
            await network.float_server(context, await network.of_address(context, given["EIP"]), given["InstanceId"])
            return str(given["EIP"])
        floating_ip = str(given["AllocationId"])
        if given.get("NetworkInterfaceId"):
            port = await rpcs.call(context, f"{_NETWORK}Ports.GetPort", [given["NetworkInterfaceId"]])
        else:
            port = await network.port_of(context, given["InstanceId"])
        router = await network.router_of(context, port["network_id"])
        if router is not None:
            found = await rpcs.call(context, self.rpc("Get"), [floating_ip])
            await network.set_gateway(context, router["id"], found["floating_network_id"])
        await rpcs.call(context, self.rpc("Update"), [floating_ip], {"port_id": port["id"]})
        return floating_ip

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        if not changed & {"EIP", "AllocationId"}:
            return False
        return any(name in changed and new.get(name) for name in ("InstanceId", "NetworkInterfaceId"))

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if changed & {"EIP", "AllocationId"}:
            await self._free(context, resource.properties)
        resource.physical_id = await self._bind(context, new) or resource.physical_id

    async def delete(self, context: Context, resource: Resource) -> None:
        try:
            await self._free(context, resource.properties)
        except (NotFound, ResourceFailure):
            return

    async def _free(self, context: Context, given: Mapping[str, Any]) -> None:
        if given.get("EIP"):
            await network.float_server(context, await network.of_address(context, given["EIP"]), None)
        else:
            await rpcs.call(context, self.rpc("Update"), [given["AllocationId"]], {"port_id": None})

    async def reference(self, context: Context, resource: Resource) -> Any:
        return context.physical_name(resource, self.limit) if resource.physical_id else resource.name


class Volume(volumes.Volume):
    """AWS::EC2::Volume: its snapshot is a backup."""

    async def validate(self, context: Context, resource: Resource) -> None:
        return

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        name = context.physical_name(resource, self.limit)
        values = {"backup_id": given.get("SnapshotId")}
        body = {
            "name": name,
            "description": name,
            "size": given.get("Size"),
            "availability_zone": given.get("AvailabilityZone"),
            "metadata": _tags(given.get("Tags")) or None,
        }
        body = {key: value for key, value in body.items() if value is not None}
        return str((await self.made(context, resource, body, values))["id"])

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return None


class Attachment(volumes.Attachment):
    """AWS::EC2::VolumeAttachment."""

    words = ("InstanceId", "VolumeId", "Device")


class Bucket(network.Plain):
    """AWS::S3::Bucket: a container."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        name = context.physical_name(resource, self.limit)
        metadata = {f"S3-Tag-{one['Key']}": one["Value"] for one in given.get("Tags") or ()}
        site = given.get("WebsiteConfiguration")
        if site is not None:
            words = {"Web-Index": site.get("IndexDocument"), "Web-Error": site.get("ErrorDocument")}
            metadata.update({key: value for key, value in words.items() if value})
        caller = context.call.caller
        project, mine = caller.project_name, f"{caller.project_name}:{caller.user_name}"
        access = str(given.get("AccessControl"))
        read = {"PublicRead": ".r:*", "PublicReadWrite": ".r:*", "AuthenticatedRead": project}.get(access, mine)
        body = {"metadata": metadata, "read": read, "write": ".r:*" if access == "PublicReadWrite" else mine}
        path = [object_store.account(context), name]
        await rpcs.call(context, f"{_SWIFT}Containers.CreateContainer", path, body)
        return name

    async def delete(self, context: Context, resource: Resource) -> None:
        try:
            path = [object_store.account(context), resource.physical_id]
            await rpcs.call(context, f"{_SWIFT}Containers.DeleteContainer", path)
        except Conflict:
            text = f"The bucket you tried to delete is not empty ({resource.physical_id})."
            raise ResourceFailure(f"{text} is not supported for resource.", "ResourceActionNotSupported") from None

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        root = object_store.root(context)
        return urlsplit(root).hostname if name == "DomainName" else f"{root}/{resource.physical_id}"


def _servers(kind: str) -> Row:
    return Row(kind, _COMPUTE + "Servers", "Server", microversion=NOVA)


TYPES = {
    **table(_servers("AWS::EC2::Instance"), kind=Instance),
    **table(Row("AWS::EC2::EIP", _NETWORK + "Floatingips", "Floatingip"), kind=network.ElasticIp),
    **table(Row("AWS::EC2::EIPAssociation", _NETWORK + "Floatingips", "Floatingip"), kind=Association),
    **table(Row("AWS::EC2::VPC", _NETWORK + "Networks", "Network"), kind=network.Vpc),
    **table(Row("AWS::EC2::Subnet", _NETWORK + "Subnets", "Subnet"), kind=network.Subnet),
    **table(Row("AWS::EC2::RouteTable", _NETWORK + "Routers", "Router"), kind=network.RouteTable),
    **table(
        Row("AWS::EC2::SubnetRouteTableAssociation", _NETWORK + "Routers", "Router"), kind=network.TableAssociation
    ),
    **table(Row("AWS::EC2::InternetGateway", _NETWORK + "Networks", "Network"), kind=network.InternetGateway),
    **table(Row("AWS::EC2::VPCGatewayAttachment", _NETWORK + "Routers", "Router"), kind=network.GatewayAttachment),
    **table(Row("AWS::EC2::NetworkInterface", _NETWORK + "Ports", "Port"), kind=network.NetworkInterface),
    **table(Row("AWS::EC2::SecurityGroup", _NETWORK + "SecurityGroups", "SecurityGroup"), kind=network.SecurityGroup),
    **table(Row("AWS::EC2::Volume", _VOLUME + "Volumes", "Volume"), kind=Volume),
    **table(Row("AWS::EC2::VolumeAttachment", _VOLUME + "Volumes", "Volume"), kind=Attachment),
    **table(Row("AWS::S3::Bucket", _SWIFT + "Containers", "Container"), kind=Bucket),
}
