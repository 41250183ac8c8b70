"""Filters, order, pages and defaults of a resource, compiled from its fields' annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import BadRequest
from mopenstack.contract.operations import enum_words, field_rules, wire_key
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.options import switch
from mopenstack.core.store.kinds import resource_options
from mopenstack.core.store.orders import Order, order_of
from mopenstack.core.store.texts import Wanted, equal

TRUE_WORDS = frozenset({"true", "1", "yes", "on", "t", "y"})
FALSE_WORDS = frozenset({"false", "0", "no", "off", "f", "n"})
"""What oslo_utils.strutils.bool_from_string takes for true and false, in lower case."""

IGNORE_CASE = switch(
    "lists.ignore_case",
    True,
    "Whether filters of lists take text that differs in case alone for the same, as MariaDB's collations do.",
)

Fold = Callable[[str], str]
"""What makes texts comparable: all in lower case, or each as it is."""

_HEXADECIMAL = re.compile(r"[0-9a-f-]{32,36}", re.IGNORECASE)


def fold_of(cloud: Cloud) -> Fold:
    """How the databases behind a cloud's services compare text.

    MariaDB's collations ignore case, PostgreSQL's do not. What a service compares in Python is compared as it is.
    """
    return str.lower if cloud.enabled(IGNORE_CASE) else str


def folded(words: Iterable[str], fold: Fold) -> set[str]:
    """Words as a set in which they are compared."""
    return {fold(word) for word in words}


def holds(pairs: Mapping[str, str], wanted: Mapping[Any, Any], fold: Fold) -> bool:
    """Whether a map has all of these keys with these values."""
    known = {(fold(key), fold(value)) for key, value in pairs.items()}
    return all(isinstance(value, str) and (fold(str(key)), fold(value)) in known for key, value in wanted.items())


TAG_FILTERS: Mapping[str, Callable[[AbstractSet[str], AbstractSet[str]], bool]] = {
    "tags": lambda tags, asked: asked <= tags,
    "tags-any": lambda tags, asked: bool(asked & tags),
    "not-tags": lambda tags, asked: not asked <= tags,
    "not-tags-any": lambda tags, asked: not asked & tags,
}
"""Query parameter -> test of (an object's tags, those that the query names), as the API working group defines them."""


class Listing:
    """What lists of one message can do."""

    def __init__(self, message: type[Message]) -> None:
        self.message = message
        self._filters: dict[str, AnyField] = {}
        self._sorts: dict[str, Callable[[Any], Any]] = {}
        self._sort_fields: dict[str, str] = {}
        self._indexes: dict[str, str] = {}
        self._defaults: list[tuple[AnyField, Message]] = []
        for field in message.DESCRIPTOR.fields:
            rules = field_rules(field)
            keys = [key for key in (wire_key(field), rules.also, field.name) if key]
            for key in keys:
                if rules.filterable:
                    self._filters.setdefault(key, field)
                if rules.sortable:
                    self._sorts.setdefault(key, _sort_key(field))
                    self._sort_fields.setdefault(key, field.name)
                if rules.index and rules.filterable:
                    self._indexes.setdefault(key, field.name)
            if rules.default:
                value = json.loads(rules.default)
                self._defaults.append((field, json_format.ParseDict({field.name: value}, message())))
        self.key = resource_options(message).key or "id"
        """The field that markers name an object by."""
        self.own_order = tuple(_parse_sort(text) for text in resource_options(message).sort)

    def indexed(self, name: str) -> bool:
        field = self.message.DESCRIPTOR.fields_by_name.get(name)
        return field is not None and field_rules(field).index

    def best_index(self, query: common.Query, fold: Fold = str) -> tuple[str, str] | None:
        """(field, value) of a filter that an index answers, or None. Indexes know case: ids are all in lower case."""
        for item in query.filters:
            name = self._indexes.get(item.key)
            if name is None or len(item.values) != 1 or not item.values[0]:
                continue
            field, value = self.message.DESCRIPTOR.fields_by_name[name], item.values[0]
            if field.type == FieldDescriptor.TYPE_BOOL:
                if value.lower() in TRUE_WORDS:
                    return name, "1"
                continue
            if fold is str or value.lower() == value.upper() or field_rules(field).exact:
                return name, value
            if _HEXADECIMAL.fullmatch(value) and (name == "id" or name.endswith("_id")):
                return name, value.lower()
        return None

    def filterable(self, key: str) -> bool:
        return key in self._filters

    def sortable(self) -> list[str]:
        """The keys that a list can be sorted by."""
        return sorted(self._sorts)

    def filter(self, key: str, values: Sequence[str], fold: Fold = str) -> Callable[[Any], bool] | None:
        """A test for "the field is one of these", or None for a key that no field declares filterable."""
        field = self._filters.get(key)
        return None if field is None else _filter(field, values, fold)

    def order(self, sort: Iterable[common.Sort]) -> Order | None:
        """The order of a list with these sort keys, in which the store can keep it; None where it cannot."""
        keys = [(self._sort_fields.get(item.key, item.key), item.descending) for item in sort]
        if self.key != "id":
            return None
        return order_of(self.message, (*keys, *self.own_order))  # type: ignore[arg-type]  # as below

    def wanted(self, query: common.Query, fold: Fold) -> Wanted | None:
        """What finds the objects that may pass a query's filters; None: only the filters do.

        A filter behind one that no field answers, which may refuse its values, does not count.
        """
        for item in query.filters:
            field = self._filters.get(item.key)
            if field is None:
                return None
            if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
                return equal(field.name, item.values, lower=fold is not str and not field_rules(field).exact)
        return None

    def page(
        self,
        found: Sequence[Message],
        query: common.Query,
        page_max: int | None,
        missing_marker: Callable[[str], Exception],
    ) -> Page:
        """Sort, find the marker, cut."""
        if query.nothing:
            return Page([])
        ordered = list(found)
        sort = list(query.sort)
        order = [(self._sort(item.key), item.descending) for item in sort]
        order += [(self._sort(key), descending) for key, descending in self.own_order]
        for key, descending in reversed(order):
            ordered.sort(key=key, reverse=descending)
        if query.page_reverse:
            ordered.reverse()
        start = query.offset
        if query.marker:
            place = next((n for n, obj in enumerate(ordered) if getattr(obj, self.key) == query.marker), None)
            if place is None:
                raise missing_marker(query.marker)
            start += place + 1
        most = page_length(query, page_max)
        return self.page_of(ordered[start : None if most is None else start + most], query, page_max)

    def page_of(self, items: list[Message], query: common.Query, page_max: int | None) -> Page:
        """The page of the objects that are on it, in the order in which they were found."""
        # The services do not look further: a full page has a next one, be it empty.
        full = len(items) == page_length(query, page_max)
        if query.page_reverse:
            items.reverse()
        return Page(
            items,
            next_marker=getattr(items[-1], self.key) if items and full else "",
            previous_marker=getattr(items[0], self.key) if items and (query.offset or query.marker) else "",
        )

    def apply_defaults(self, obj: Message, given: set[str]) -> None:
        """Give absent fields the value that their declaration names."""
        for field, value in self._defaults:
            if field.name in given:
                continue
            if field.is_repeated or field.has_presence:
                present = bool(len(getattr(obj, field.name))) if field.is_repeated else obj.HasField(field.name)
                if present:
                    continue
            elif getattr(obj, field.name):
                continue
            obj.MergeFrom(value)

    def _sort(self, key: str) -> Callable[[Any], Any]:
        found = self._sorts.get(key)
        if found is not None:
            return found
        field = self.message.DESCRIPTOR.fields_by_name.get(key)
        if field is None:
            raise BadRequest(f"Sort key {key} is not supported.")
        return _sort_key(field)


def page_length(query: common.Query, page_max: int | None) -> int | None:
    """Objects of a full page; None: all of them."""
    return min(query.limit, page_max or query.limit) if query.limit else page_max


@cache
def listing(message: type[Message]) -> Listing:
    """The one Listing of a message."""
    return Listing(message)


def _parse_sort(text: str) -> tuple[str, bool]:
    key, _, direction = text.partition(":")
    return key, direction == "desc"


def _sort_key(field: AnyField) -> Callable[[Any], Any]:
    name = field.name
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp":
        return lambda obj: ((stamp := getattr(obj, name)).seconds, stamp.nanos)
    if field.message_type is not None:
        return lambda obj: str(getattr(obj, name))
    if field.is_repeated:
        return lambda obj: list(getattr(obj, name))
    return lambda obj: getattr(obj, name)


def _filter(field: AnyField, values: Sequence[str], fold: Fold) -> Callable[[Any], bool]:
    name = field.name
    if field.cpp_type != FieldDescriptor.CPPTYPE_STRING or field_rules(field).exact:
        fold = str
    if field.is_repeated:
        wanted = folded(values, fold)
        return lambda obj: not wanted.isdisjoint(folded(getattr(obj, name), fold))
    if field.type == FieldDescriptor.TYPE_BOOL:
        flags = {value.lower() in TRUE_WORDS for value in values}
        return lambda obj: getattr(obj, name) in flags
    if field.type == FieldDescriptor.TYPE_ENUM:
        wanted = {value.lower() for value in values}  # several states may show as one word
        numbers = {number for number, word in enum_words(field).items() if word.lower() in wanted}
        return lambda obj: getattr(obj, name) in numbers
    if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64):
        wanted = set(values)
        return lambda obj: (not field.has_presence or obj.HasField(name)) and str(getattr(obj, name)) in wanted
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp":
        wanted = set(values)
        return lambda obj: getattr(obj, name).ToJsonString() in wanted
    wanted = folded(values, fold)
    return lambda obj: fold(getattr(obj, name)) in wanted
