"""The clouds that tenants may be copied to and from: this one, and those that its operator names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import DEFAULT
from mopenstack.core.engine.options import Option

OFFERINGS = Option(
    "tenant_replication.offerings",
    "",
    "Clouds that tenants may be copied to and from, beside the cloud itself: clouds of this process, else entries of "
    "clouds.yaml, with commas.",
)
_NAMESPACE = uuid.UUID("6c1f5a86-1f0e-5a65-9f5d-0a0f7f3f9a11")
PLAN = "default"


@dataclass(frozen=True, slots=True)
class Offering:
    """A cloud by its name; it has one plan."""

    name: str
    own: bool = False
    """Whether it is the cloud that is asked."""

    @property
    def uuid(self) -> str:
        return uuid.uuid5(_NAMESPACE, self.name).hex

    @property
    def plan_uuid(self) -> str:
        return uuid.uuid5(_NAMESPACE, f"{self.name}/{PLAN}").hex


def offerings(call: Call) -> list[Offering]:
    """Those of the call's cloud, itself first."""
    named = call.cloud.options.get(OFFERINGS.name, "").split(",")
    own = call.cloud.name or DEFAULT
    names = dict.fromkeys(name.strip() for name in named if name.strip() and name.strip() != own)
    return [Offering(own, own=True), *(Offering(name) for name in names)]


def plain(text: str) -> str:
    """A UUID without hyphens; of an address that ends in one, that one."""
    return text.rstrip("/").rpartition("/")[2].replace("-", "").lower()
