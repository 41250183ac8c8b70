"""Reads of single objects and of lists, as the operations of the service that keeps them elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from google.protobuf.message import Message

from mopenstack.contract.contract import Contract
from mopenstack.contract.elsewhere import Question
from mopenstack.contract.faults import NotServed
from mopenstack.contract.operations import QUERY, Operation, field_rules, wire_key
from mopenstack.core.store.kinds import index_value, kind_of, resource_options

_VARIABLE = re.compile(r"\{(\w+)")


class Lookups:
    """How objects of kinds that are kept elsewhere are found."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._found: dict[tuple[type[Message], str], Operation] = {}

    def of_one(self, message: type[Message], id: str) -> Question:
        """The question for the object with an id; raises NotServed where no operation shows one."""
        return self.of_operation(self._operation(message, "Get"), id)

    def of_operation(self, operation: Operation, id: str, request: Message | None = None) -> Question:
        """The question of an operation that its path's last variable names an object for."""
        request = operation.request() if request is None else request
        setattr(request, variables(operation)[-1], id)
        return Question(operation, request)

    def of_many(self, message: type[Message], equal: Mapping[str, Any]) -> Question:
        """The question for a list of the objects with these values, of those that lists can be asked for."""
        operation = self._operation(message, "List")
        request: Any = operation.request()
        field = next((one for one in operation.request.DESCRIPTOR.fields if _is_query(one)), None)
        if field is not None:
            query = getattr(request, field.name)
            for name, value in sorted(equal.items()):
                declared = message.DESCRIPTOR.fields_by_name[name]
                if field_rules(declared).filterable and isinstance(value, str):
                    query.filters.add(key=wire_key(declared), values=[value])
        return Question(operation, request)

    def _operation(self, message: type[Message], verb: str) -> Operation:
        found = self._found.get((message, verb))
        if found is None:
            found = self._found[(message, verb)] = self._find(message, verb)
        return found

    def _find(self, message: type[Message], verb: str) -> Operation:
        options, name = resource_options(message), message.DESCRIPTOR.name
        noun = options.noun or name
        plural = options.plural or f"{noun}s"
        wanted = {"Get": (f"Get{noun}",), "List": (f"List{plural}Detail", f"List{plural}")}[verb]
        package = kind_of(message).package
        service = self._contract.service_of(package)
        by_method = {
            one.method: one
            for one in self._contract.operations_of(service)
            if one.package == package and one.method in wanted
        }
        for method in wanted:
            if method in by_method:
                return by_method[method]
        raise NotServed(f"{options.kind} is kept elsewhere, and no operation of its service shows it.")


def fits(message: Any, equal: Mapping[str, Any]) -> bool:
    """Whether an object has these values; a repeated field, whether it holds them."""
    for name, value in equal.items():
        found = getattr(message, name)
        if message.DESCRIPTOR.fields_by_name[name].is_repeated:
            held = {index_value(getattr(one, "ip_address", one)) for one in found}
            if index_value(value) not in held:
                return False
        elif found != value:
            return False
    return True


@lru_cache(maxsize=1024)
def variables(operation: Operation) -> tuple[str, ...]:
    """The fields of the request that the operation's first path names."""
    return tuple(_VARIABLE.findall(operation.routes[0].path))


def items_of(response: Message) -> list[Any]:
    """The objects of a list's response message."""
    field = next(one for one in response.DESCRIPTOR.fields if one.is_repeated and one.message_type is not None)
    return list(getattr(response, field.name))


def object_of(response: Message) -> Any:
    """The one object of a response message; the message itself where it holds none."""
    for field in response.DESCRIPTOR.fields:
        if field.message_type is not None and not field.is_repeated:
            return getattr(response, field.name)
    return response


def stored_as(message: type[Message], found: Any) -> Any:
    """An object of an answer as the message that is stored, where lists show another one of the same field names."""
    if found.DESCRIPTOR is message.DESCRIPTOR:
        return found
    made = message()
    for field, value in found.ListFields():
        own = made.DESCRIPTOR.fields_by_name.get(field.name)
        if own is not None and own.type == field.type and own.message_type is field.message_type:
            if field.is_repeated:
                cast("Any", getattr(made, field.name)).MergeFrom(value)
            elif field.message_type is not None:
                getattr(made, field.name).CopyFrom(value)
            else:
                setattr(made, field.name, value)
    return made


def _is_query(field: Any) -> bool:
    return field.message_type is not None and field.message_type.full_name == QUERY
