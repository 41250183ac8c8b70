"""`--service-port`: services that are at the root of a port of their own as well."""

from __future__ import annotations

from mopenstack.cli.output import fail

PORT_MAX = 65535


def read_ports(settings: list[str], services: tuple[str, ...] | None) -> dict[str, int]:
    """Catalog type -> port, of APIs that are served."""
    if not settings:
        return {}
    from mopenstack.contract.contract import contract

    known = {api.type for api in contract(services).apis.values() if api.catalog}
    found = {}
    for setting in settings:
        service, equals, number = setting.partition("=")
        if not equals or not number.isascii() or not number.isdecimal() or int(number) > PORT_MAX:
            raise fail(f"--service-port takes TYPE=PORT, not {setting!r}.")
        if service not in known:
            raise fail(f"No service of type {service!r} is served; there are {', '.join(sorted(known))}.")
        found[service] = int(number)
    return found
