"""What is deleted with what: the fields that are declared as `deleted_with`."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import Message

from mopenstack.contract.contract import Contract
from mopenstack.contract.operations import field_rules

Fields = dict[str, list[tuple[type[Message], str]]]
"""Kind -> (message, field) of what is deleted with an object of that kind."""


def dependents(messages: Iterable[type[Message]]) -> Fields:
    """Of some messages; raises ValueError for a field without an index."""
    found: Fields = {}
    for message in messages:
        for field in message.DESCRIPTOR.fields:
            rules = field_rules(field)
            if rules.deleted_with and not rules.index:
                raise ValueError(f"{message.DESCRIPTOR.full_name}.{field.name} is deleted_with and has no index")
            if rules.deleted_with:
                found.setdefault(rules.deleted_with, []).append((message, field.name))
    return found


class Dependents:
    """Of the services of a contract, in their order; what is known to have none is not read for it."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._by_service: dict[str, Fields] = {}
        self._found: Fields = {}

    def of(self, kind: str) -> list[tuple[type[Message], str]]:
        """(message, field) of what is deleted with an object of a kind."""
        found = self._found.get(kind)
        if found is None:
            known = self._contract.known
            found = self._found[kind] = [
                one
                for service in self._contract.services
                if service.name not in known or kind in known[service.name].with_others
                for one in self._of_service(service.name).get(kind, ())
            ]
        return found

    def check(self) -> None:
        """Raise ValueError for a field without an index."""
        for service in self._contract.services:
            self._of_service(service.name)

    def kinds_of(self, service: str) -> list[str]:
        """The kinds that something of a service is deleted with."""
        return sorted(self._of_service(service))

    def _of_service(self, name: str) -> Fields:
        if name not in self._by_service:
            self._by_service[name] = dependents(self._contract.stored_by(name).values())
        return self._by_service[name]
