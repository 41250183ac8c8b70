"""What a provider supports: the base of the drivers, octavia_lib's ProviderDriver.

A driver is asked last, once Octavia itself finds a request in order, and refuses what it does not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mopenstack.contract.faults import Fault
from mopenstack.load_balancer.v2 import refusals

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What stands above a pool's members: the addresses of the VIPs of its load balancer, and its VIP subnet's CIDR.

    `listeners` is whether anything listens for the pool.
    """

    vips: tuple[str, ...]
    subnet_cidr: str
    listeners: bool = False


class Driver:
    """A driver, under the `name` by which it was asked for.

    flavor_schema  JSON Schema of the data of its flavor profiles; None: it has no flavors
    zone_schema    JSON Schema of the data of its availability zone profiles; None: it has no availability zones
    needs_port_security  whether the VIP's network must have port security

    Source: octavia_lib/api/drivers/provider_base.py, octavia/api/drivers/utils.py (call_provider).
    """

    flavor_schema: ClassVar[Schema | None] = None
    zone_schema: ClassVar[Schema | None] = None
    needs_port_security: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    # -- refusals

    def unsupported(self, what: str) -> Fault:
        """The refusal of an option that the driver does not support: 501."""
        return refusals.ProviderUnsupportedOption(prov=self.name, user_msg=what)

    def not_implemented(self, what: str) -> Fault:
        """The refusal of a thing that the driver does not do: 501."""
        return refusals.ProviderNotImplemented(prov=self.name, user_msg=f"This provider does not support {what}.")

    def failed(self, why: str) -> Fault:
        """The answer where the driver itself breaks: 500."""
        return refusals.ProviderDriverError(prov=self.name, user_msg=why)

    # -- what is made: each may refuse

    def check_failover(self) -> None:
        """Before a load balancer fails over."""

    def check_listener(self, listener: Any) -> None:
        """A new listener."""

    def change_listener(self, listener: Any, given: set[str]) -> None:
        """A listener with the given fields changed."""

    def check_pool(self, pool: Any) -> None:
        """A new pool."""

    def change_pool(self, pool: Any, given: set[str]) -> None:
        """A pool with the given fields changed."""

    def check_members(self, members: Sequence[Any], place: Place, *, protocol: str = "", batch: bool = False) -> None:
        """New members of a pool of a protocol; all that a batch names."""

    def change_member(self, member: Any) -> None:
        """A member with changes."""

    def check_monitor(self, monitor: Any) -> None:
        """A new health monitor."""

    def check_policy(self, policy: Any, listener: Any) -> None:
        """A new L7 policy of a listener."""

    # -- flavors and availability zones

    def flavor_capabilities(self) -> dict[str, str]:
        """Name -> description of what flavor profiles may say."""
        if self.flavor_schema is None:
            raise self.not_implemented("getting the supported flavor metadata")
        return _capabilities(self.flavor_schema)

    def zone_capabilities(self) -> dict[str, str]:
        """Name -> description of what availability zone profiles may say."""
        if self.zone_schema is None:
            raise self.not_implemented("getting the supported availability zone metadata")
        return _capabilities(self.zone_schema)

    def validate_flavor(self, data: Any) -> None:
        """Refuse the data of a flavor profile that the driver does not take."""
        if self.flavor_schema is None:
            raise self.not_implemented("validating flavors")
        self._validate(self.flavor_schema, data)

    def validate_zone(self, data: Any) -> None:
        """Refuse the data of an availability zone profile that the driver does not take."""
        if self.zone_schema is None:
            raise self.not_implemented("validating availability zones")
        self._validate(self.zone_schema, data)

    def _validate(self, schema: Schema, data: Any) -> None:
        from jsonschema import Draft7Validator  # imported when a profile is made: it costs a tenth of a second
        from jsonschema.exceptions import best_match

        fault = best_match(Draft7Validator(schema).iter_errors(data))
        if fault is not None:
            where = f"{fault.relative_path[0]} " if fault.relative_path else ""
            raise self.unsupported(f"{where}{fault.message}")


def _capabilities(schema: Schema) -> dict[str, str]:
    return {name: str(rule.get("description", "")) for name, rule in schema["properties"].items()}
