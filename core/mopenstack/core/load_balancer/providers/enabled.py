"""The providers that there are, and those that a cloud has, as octavia.conf enables them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.core.load_balancer.providers.amphora import AmphoraDriver
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.core.load_balancer.providers.noop import NoopDriver
from mopenstack.core.load_balancer.providers.ovn import OvnDriver
from mopenstack.load_balancer.v2 import refusals

DEFAULT = "amphora"
"""octavia.conf's default_provider_driver."""


class Known(NamedTuple):
    description: str
    driver: Callable[[str], Driver]


PROVIDERS: Mapping[str, Known] = {
    "amphora": Known("The Octavia Amphora driver.", AmphoraDriver),
    "octavia": Known("Deprecated alias of the Octavia Amphora driver.", AmphoraDriver),
    "ovn": Known("Octavia OVN driver.", OvnDriver),
    "noop_driver": Known("The no-op driver.", NoopDriver),
}
"""Name -> description and driver."""


def _wrong(value: str) -> str:
    names = _names(value)
    right = DEFAULT in names and all(name in PROVIDERS for name in names)
    return "" if right else f"write names by commas, {DEFAULT} among them, of {', '.join(PROVIDERS)}"


def _names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",")]


ENABLED = Option(
    "load_balancer.providers",
    "amphora,octavia,ovn",
    "Providers of load balancers (octavia.conf, enabled_provider_drivers), by commas. noop_driver takes whatever "
    "Octavia itself does, as Tempest's plugin may want it.",
    check=_wrong,
)


def enabled(call: Call) -> dict[str, str]:
    """Name -> description of a cloud's providers."""
    return {name: PROVIDERS[name].description for name in _names(call.cloud.option(ENABLED))}


def chosen(call: Call, name: str) -> Driver:
    """The driver of a provider that a request names, the default one for an empty name; raises ProviderNotEnabled."""
    if (name or DEFAULT) not in enabled(call):
        raise refusals.ProviderNotEnabled(prov=name)
    return driver(name or DEFAULT)


def driver(name: str) -> Driver:
    """The driver of the provider that something was made with."""
    return PROVIDERS[name].driver(name)
