"""Trove: database instances and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, refuse, soon, table

_V1 = "mopenstack.database.v1."
_REASONS: Mapping[str, str] = {
    "ERROR": "Unknown",
    "FAILED": "The database instance was created, but heat failed to set up the datastore. If a database instance is "
    "in the FAILED state, it should be deleted and a new one should be created.",
}


def _nics(networks: Any) -> list[dict[str, Any]]:
    words = {"network": "net-id", "port": "port-id", "fixed_ip": "v4-fixed-ip"}
    return [{words[key]: value for key, value in one.items() if value and key in words} for one in networks or ()]


def _look(context: Context, status: Any) -> float | None:
    if status in _REASONS:
        raise ResourceFailure(f'Went to status {status} due to "{_REASONS[status]}"', "ResourceInError")
    return None if status in ("ACTIVE", "HEALTHY") else soon(context)


async def _check_store(context: Context, store: Any, version: Any) -> None:
    """Refuse a version that a datastore does not have."""
    if not version:
        return
    refuse(not store, "Not allowed - datastore_version without datastore_type.")
    found = await rpcs.listed(context, f"{_V1}Datastores.ListDatastoreVersions", path=[str(store)])
    known = [one["name"] for one in found]
    refuse(
        version not in known,
        f"Datastore version {version} for datastore type {store} is not valid. Allowed versions are "
        f"{', '.join(known)}.",
    )


class Instance(Mapped):
    """OS::Trove::Instance."""

    checks: ClassVar[bool] = True

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        await _check_store(context, given.get("datastore_type"), given.get("datastore_version"))
        databases = [one["name"] for one in given.get("databases") or ()]
        for user in given.get("users") or ():
            wanted = user.get("databases") or []
            refuse(
                bool(wanted) and not databases,
                f"Databases property is required if users property is provided for resource {resource.name}.",
            )
            missing = [one for one in wanted if one not in databases]
            refuse(bool(missing), f"Database {missing} specified for user does not exist in databases for resource "
                   f"{resource.name}.")  # fmt: skip

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": values["name"],
            "flavorRef": values["flavor"],
            "volume": {"size": values["size"]},
            "databases": values.get("databases"),
            "users": [_user(one) for one in values.get("users") or ()],
            "nics": _nics(values.get("networks")),
            "restorePoint": {"backupRef": values["restore_point"]} if values.get("restore_point") else None,
        }
        body |= {name: values.get(name) for name in ("availability_zone", "replica_of", "replica_count")}
        if values.get("datastore_type"):
            store = {"type": values["datastore_type"], "version": values.get("datastore_version")}
            body["datastore"] = {key: value for key, value in store.items() if value}
        return {key: value for key, value in body.items() if value not in (None, [])}

    async def created(self, context: Context, resource: Resource) -> float | None:
        return _look(context, (await self.document(context, resource)).get("status"))

    async def check(self, context: Context, resource: Resource) -> None:
        status = (await self.document(context, resource)).get("status")
        if status != "ACTIVE":
            raise ResourceFailure(f"'status': expected 'ACTIVE', got '{status}'", "Error")

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        path = [resource.physical_id]
        values = await self.resolved(context, dict(new))
        if "name" in changed:
            name = new.get("name") or context.physical_name(resource, self.limit)
            await rpcs.call(context, self.rpc("Update"), path, {"name": name})
        if changed & {"flavor", "size"}:
            body = {"flavorRef": values["flavor"]} if "flavor" in changed else {"volume": {"size": values["size"]}}
            await rpcs.call(context, f"{_V1}InstanceActions.ResizeInstance", path, body)
        for name, noun in (("databases", "Database"), ("users", "User")):
            if name in changed:
                await self._bring(context, resource, noun, new.get(name) or [])

    @staticmethod
    async def _bring(context: Context, resource: Resource, noun: str, wanted: list[dict[str, Any]]) -> None:
        """Make the databases or users that are missing, and delete those that are too many."""
        service, path = f"{_V1}{noun}s.", [resource.physical_id]
        there = [one["name"] for one in await rpcs.listed(context, f"{service}List{noun}s", path=path)]
        made = [_user(one) if noun == "User" else one for one in wanted if one["name"] not in there]
        if made:
            await rpcs.call(context, f"{service}Create{noun}s", path, beside={f"{noun.lower()}s": made})
        for name in there:
            if name not in [one["name"] for one in wanted]:
                await rpcs.call(context, f"{service}Delete{noun}", [*path, name])

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return _look(context, (await self.document(context, resource)).get("status"))

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        await self.document(context, resource)
        return soon(context)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        found = await self.document(context, resource)
        if name == "hostname":
            addresses = found.get("ip") or []
            return found.get("hostname") or next(iter(addresses), None)
        return next((one["href"] for one in found.get("links") or () if one.get("rel") == "self"), None)


def _user(given: Mapping[str, Any]) -> dict[str, Any]:
    user = {key: value for key, value in given.items() if value is not None}
    return {**user, "databases": [{"name": one} for one in given.get("databases") or ()]}


class Cluster(Mapped):
    """OS::Trove::Cluster."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        await _check_store(context, given.get("datastore_type"), given.get("datastore_version"))
        for one in given.get("instances") or ():
            for nic in one.get("networks") or ():
                net, port = nic.get("network"), nic.get("port")
                refuse(net is None and port is None, "Either network or port must be provided.")
                if net is not None and port is not None:
                    text = "Cannot define the following properties at the same time: network, port."
                    raise ResourceFailure(text, "ResourcePropertyConflict")

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        instances = []
        for one in values["instances"]:
            made = {"flavorRef": one["flavor"], "volume": {"size": one["volume_size"]}}
            nics, zone = _nics(one.get("networks")), one.get("availability_zone")
            instances.append(
                {**made, **({"nics": nics} if nics else {}), **({"availability_zone": zone} if zone else {})}
            )
        store = {"type": values["datastore_type"], "version": values["datastore_version"]}
        return {"name": values["name"], "datastore": store, "instances": instances}

    async def created(self, context: Context, resource: Resource) -> float | None:
        found = (await self.document(context, resource)).get("instances") or ()
        waits = [_look(context, one.get("status")) for one in found]
        return next((one for one in waits if one is not None), None)

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        await self.document(context, resource)
        return soon(context)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        found = await self.document(context, resource)
        if name == "ip":
            return found.get("ip")
        return [{key: one.get(key) for key in ("id", "name", "type", "status")} for one in found.get("instances") or ()]


TYPES = {
    **table(Row("OS::Trove::Instance", _V1 + "Instances", "Instance"), kind=Instance),
    **table(Row("OS::Trove::Cluster", _V1 + "Clusters", "Cluster"), kind=Cluster),
}
