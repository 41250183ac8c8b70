"""Manila: shares with their access rules, share networks, security services, share types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, refuse, soon, table

_V2 = "mopenstack.shared_file_system.v2."
MICROVERSION = 13
"""Of all requests, as Heat's client makes them."""
_RULE = ("access_to", "access_type", "access_level")


async def _ask(context: Context, rpc: str, path: list[str], body: Any = None) -> Any:
    return await rpcs.call(context, _V2 + rpc, path, body, microversion=MICROVERSION)


class Share(Mapped):
    """OS::Manila::Share: its access rules are made when it is available."""

    checks: ClassVar[bool] = True

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        values = await super().resolved(context, values)
        for name, kind in (("share_network", "share_network"), ("snapshot", "share_snapshot"), ("share_type", "")):
            if values.get(name):
                values[name] = await references.find(context, f"manila.{kind or name}", values[name])
        return values

    async def created(self, context: Context, resource: Resource) -> float | None:
        share = resource.physical_id
        status = str((await self.document(context, resource))["status"])
        if status == "creating":
            return soon(context)
        if status == "error":
            raise ResourceFailure(f'Went to status error due to "Error during creation of share "{share}""',
                                  "ResourceInError")  # fmt: skip
        if status != "available":
            text = f'Unknown share_status during creation of share "{share}"'
            raise ResourceFailure(f'Resource failed - Unknown status {status} due to "{text}"', "ResourceUnknownStatus")
        try:
            for rule in resource.properties.get("access_rules") or ():
                await self._allow(context, share, rule)
        except Fault as error:
            why = f'Error during applying access rules to share "{share}". The root cause of the problem is the '
            text = f'Went to status available due to "{why}following: {error}."'
            raise ResourceFailure(text, "ResourceInError") from None
        return None

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        words = {"name": "display_name", "description": "display_description"}
        return {words.get(name, name): value for name, value in values.items()}

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await super().update(context, resource, new, changed - {"metadata", "access_rules"})
        path = [resource.physical_id]
        if "metadata" in changed:
            await _ask(context, "ShareMetadata.ReplaceShareMetadata", path, {"metadata": new.get("metadata") or {}})
        if "access_rules" in changed:
            wanted = [{key: one.get(key) for key in _RULE} for one in new.get("access_rules") or ()]
            for rule in await self._rules(context, resource):
                known = {key: rule.get(key) for key in _RULE}
                if known in wanted:
                    wanted.remove(known)
                else:
                    await _ask(context, "AccessRules.DenyShareAccess", path, {"access_id": rule["id"]})
            for rule in wanted:
                await self._allow(context, resource.physical_id, rule)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return None

    async def _allow(self, context: Context, share: str, rule: Mapping[str, Any]) -> None:
        await _ask(context, "AccessRules.AllowShareAccess", [share], {key: rule.get(key) for key in _RULE})

    @staticmethod
    async def _rules(context: Context, resource: Resource) -> list[dict[str, Any]]:
        rpc = f"{_V2}AccessRules.ListShareAccess"
        found: list[dict[str, Any]] = await rpcs.listed(
            context, rpc, path=[resource.physical_id], microversion=MICROVERSION
        )
        return found

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        status = str((await self.document(context, resource))["status"])
        if status == "deleting":
            return soon(context)
        if status in ("error", "error_deleting"):
            text = f'Went to status {status} due to "Error during deleting share "{resource.physical_id}"."'
            raise ResourceFailure(text, "ResourceInError")
        text = f'Unknown status during deleting share "{resource.physical_id}"'
        raise ResourceFailure(f'Resource failed - Unknown status {status} due to "{text}"', "ResourceUnknownStatus")

    async def check(self, context: Context, resource: Resource) -> None:
        status = (await self.document(context, resource))["status"]
        if status != "available":
            raise ResourceFailure(f"'status': expected '['available']', got '{status}'", "Error")

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "export_locations":
            rpc = f"{_V2}ExportLocations.ListShareExportLocations"
            found = await rpcs.listed(context, rpc, path=[resource.physical_id], microversion=MICROVERSION)
            return [one["path"] for one in found]
        return str(await super().attribute(context, resource, name))


class ShareNetwork(Mapped):
    """OS::Manila::ShareNetwork: with the network of its subnet, and the security services that it has."""

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        refuse("nova_network" in resource.given, "Nova network is no longer supported")
        if given.get("neutron_network") and "neutron_subnet" not in resource.given:
            text = "neutron_network cannot be specified without neutron_subnet."
            raise ResourceFailure(text, "ResourcePropertyDependency")
        if given.get("neutron_network") and given.get("neutron_subnet"):
            found = await self.resolved(context, {name: given[name] for name in ("neutron_network", "neutron_subnet")})
            network = await _network_of(context, found["neutron_subnet"])
            refuse(
                network != found["neutron_network"],
                "Provided neutron_subnet does not belong to provided neutron_network.",
            )

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        values = await super().resolved(context, values)
        if values.get("neutron_subnet") and not values.get("neutron_network"):
            values["neutron_network"] = await _network_of(context, values["neutron_subnet"])
        return values

    async def create(self, context: Context, resource: Resource) -> str | None:
        made = str(await super().create(context, resource))
        for service in await self._services(context, resource.properties):
            await _ask(context, "ShareNetworks.AddSecurityService", [made], {"security_service_id": service})
        return made

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if "security_services" in changed:
            old, wanted = await self._services(context, resource.properties), await self._services(context, new)
            steps = [("Remove", one) for one in old if one not in wanted]
            for verb, one in [*steps, *(("Add", one) for one in wanted if one not in old)]:
                body = {"security_service_id": one}
                await _ask(context, f"ShareNetworks.{verb}SecurityService", [resource.physical_id], body)
        await super().update(context, resource, new, changed - {"security_services"})

    @staticmethod
    async def _services(context: Context, given: Mapping[str, Any]) -> list[str]:
        names = given.get("security_services") or ()
        return [await references.find(context, "manila.security_service", one) for one in names]


async def _network_of(context: Context, subnet: str) -> str:
    found = await rpcs.call(context, "mopenstack.network.v2.Subnets.GetSubnet", [subnet])
    return str(found["network_id"])


class ShareType(Mapped):
    """OS::Manila::ShareType: two of its extra specs are properties of their own."""

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        own = ("driver_handles_share_servers", "snapshot_support")
        specs = {name: values[name] for name in own if name in values}
        return {
            "name": values["name"],
            "share_type_access:is_public": values.get("is_public", True),
            "extra_specs": specs,
        }

    async def made(self, context: Context, resource: Resource, body: dict[str, Any], values: dict[str, Any]) -> Any:
        return (await _ask(context, "ShareTypes.CreateShareType", [], body))["share_type"]

    async def document(self, context: Context, resource: Resource) -> dict[str, Any]:
        found: dict[str, Any] = await super().document(context, resource)
        return dict(found["share_type"])

    async def create(self, context: Context, resource: Resource) -> str | None:
        made = str(await super().create(context, resource))
        specs = resource.properties.get("extra_specs")
        if specs:
            await self._specify(context, made, specs)
        return made

    @staticmethod
    async def _specify(context: Context, kind: str, specs: Mapping[str, Any]) -> None:
        await _ask(context, "ShareTypeExtraSpecs.AddShareTypeExtraSpecs", [kind], {"extra_specs": dict(specs)})

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        if "extra_specs" not in changed:
            return
        for key in resource.properties.get("extra_specs") or {}:
            await _ask(context, "ShareTypeExtraSpecs.DeleteShareTypeExtraSpec", [resource.physical_id, key])
        if new.get("extra_specs"):
            await self._specify(context, resource.physical_id, new["extra_specs"])


def _row(type: str, noun: str, **words: str) -> Row:
    return Row(type, f"{_V2}{noun}s", noun, words=words, named=False, microversion=MICROVERSION)


TYPES = {
    **table(
        _row(
            "OS::Manila::Share",
            "Share",
            share_protocol="share_proto",
            snapshot="snapshot_id",
            share_network="share_network_id",
            access_rules="",
        ),
        kind=Share,
    ),
    **table(
        _row(
            "OS::Manila::ShareNetwork",
            "ShareNetwork",
            neutron_network="neutron_net_id",
            neutron_subnet="neutron_subnet_id",
            nova_network="",
            security_services="",
        ),
        kind=ShareNetwork,
    ),
    **table(_row("OS::Manila::SecurityService", "SecurityService")),
    **table(_row("OS::Manila::ShareType", "ShareType"), kind=ShareType),
}
