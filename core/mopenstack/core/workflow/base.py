"""What the resources of Mistral share: how they are looked for and listed, and values that are JSON in JSON.

Sources: mistral/utils/rest_utils.py, mistral/utils/filter_utils.py, mistral/db/v2/sqlalchemy/api.py and filters.py,
mistral/api/controllers/v2/types.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, TypeVar, cast

from google.protobuf import json_format, struct_pb2
from google.protobuf.message import Message

from mopenstack.contract.calls import Page, Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.workflow.v2 import refusals

M = TypeVar("M", bound=Message)

SCOPES = ("private", "public")
OPERATORS = ("eq", "neq", "gt", "gte", "lt", "lte", "has", "in", "nin")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
LIMIT_MAX = 2**31 - 1


# -- JSON in JSON


def object_of(call: Call, request: Any, name: str, argument: str) -> dict[str, Any]:
    """A field of a body that is an object, or the text of one; raises BadArgument."""
    if not request.HasField(name):
        return {}
    found = value_of(call, request, name, argument)
    if found and not isinstance(found, dict):
        raise refusals.InvalidInput(why=f"JsonType field value must be a dictionary [actual={found}]")
    return found or {}


def value_of(call: Call, request: Any, name: str, argument: str) -> Any:
    """A field of a body that is JSON, or the text of it."""
    found = plain(getattr(request, name))
    if isinstance(found, str):
        try:
            return json.loads(found)
        except (ValueError, RecursionError) as wrong:
            raise _unreadable(call, request, argument, wrong) from None
    return found


def _unreadable(call: Call, request: Any, argument: str, wrong: Exception) -> Exception:
    document = call.context.document
    if not isinstance(document, dict):
        document = json_format.MessageToDict(request, preserving_proto_field_name=True)
    return refusals.BadArgument(why=f"Invalid input for field/attribute {argument}. Value: '{document}'. {wrong}")


def integer_of(call: Call, request: Any, name: str, argument: str) -> int | None:
    """A field of a body that is an integer, or the text of one."""
    if not request.HasField(name):
        return None
    found = plain(getattr(request, name))
    if found is None:
        return None
    try:
        number = int(found) if not isinstance(found, (list, dict)) else int(str(found))
    except (ValueError, OverflowError) as wrong:
        raise _unreadable(call, request, argument, wrong) from None
    if not 1 <= number <= LIMIT_MAX:
        why = f"Value should be greater or equal to 1{'' if number < 1 else f' and at most {LIMIT_MAX}'}"
        raise refusals.BadArgument(why=f"Invalid input for field/attribute {name}. Value: '{found}'. {why}")
    return number


def dump(value: Any) -> str:
    """A value as the API tells it: its JSON as text."""
    return json.dumps(value)


def json_value(value: Any) -> struct_pb2.Value:
    """A text, or null, as a value of an answer."""
    return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE) if value is None else struct_pb2.Value(string_value=value)


def uuid_of(call: Call, request: Any, name: str, argument: str) -> str:
    """A field of a body that is a UUID, or empty; raises BadArgument."""
    found: str = getattr(request, name)
    if found and not is_uuid(found):
        raise _unreadable(call, request, argument, ValueError(f"Expected a uuid but received {found}."))
    return found


def given(request: Any, name: str) -> str | None:
    """An optional text of a body; None where it is not there."""
    return str(getattr(request, name)) if request.HasField(name) else None


def check_scope(scope: str) -> str:
    """The scope that a query names, private by default."""
    if scope and scope not in SCOPES:
        raise refusals.InvalidModel(why=f"Scope must be one of the following: {{'private', 'public'}}; actual: {scope}")
    return scope or "private"


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


# -- lists


@dataclass(slots=True)
class Asked:
    """What the query of a list says."""

    limit: int = 0
    marker: str = ""
    sort: list[tuple[str, bool]] = field(default_factory=list)
    filters: dict[str, tuple[str, Any]] = field(default_factory=dict)
    all_projects: bool = False
    include_output: bool = False
    nulls: tuple[str, ...] = ()


_JSON = ("input", "output", "params", "variables", "workflow_input", "workflow_params", "env", "published")
_BESIDE = ("limit", "marker", "sort_keys", "sort_dirs", "fields", "all_projects", "include_output", "nulls")


def _bad(name: str, value: str, why: str) -> Exception:
    return refusals.BadArgument(why=f"Invalid input for field/attribute {name}. Value: '{value}'. {why}")


class Listed(ResourceServicer[M]):
    """A resource with Mistral's lists.

    arguments   the query parameters that a list knows, beside those of every list -> the field that each filters by;
                "" for those that the service knows and has no column for
    word        what the service calls the resource in the refusal of a column that it does not have
    shown       the fields that `fields` may name
    """

    stamps_update = False
    page_max = None
    arguments: ClassVar[Mapping[str, str]] = {}
    word: ClassVar[str] = ""
    shown: ClassVar[Sequence[str]] = ()
    more: ClassVar[Sequence[str]] = ()
    """Those of `all_projects`, `include_output` and `nulls` that the list knows."""

    def ask(self, call: Call, query: common.Query) -> Asked:
        """The query of a list; raises what the service says of it."""
        said = {item.key: item.values[-1] for item in query.filters if item.values}
        asked = Asked(limit=query.limit, marker=query.marker)
        keys, directions = _names(said.get("sort_keys", "")), _names(said.get("sort_dirs", ""))
        if not keys and query.sort:
            keys = [item.key for item in query.sort]
            directions = ["desc" if item.descending else "asc" for item in query.sort]
        keys = list(dict.fromkeys(keys))
        keys, directions = keys or [self.sorted_by], directions or ["asc"]
        if "limit" in said:
            asked.limit = _integer("limit", said["limit"])
        if ("limit" in said or query.limit) and asked.limit <= 0:
            raise refusals.BadArgument(why="Limit must be positive.")
        if len(keys) < len(directions):
            raise refusals.BadArgument(why="Length of sort_keys must be equal or greater than sort_dirs.")
        directions += ["asc"] * (len(keys) - len(directions))
        if any(one not in ("asc", "desc") for one in directions):
            raise refusals.BadArgument(why="Unknown sort direction, must be 'desc' or 'asc'.")
        unknown = [key for key in said if key not in self.arguments and key not in self._beside()]
        if unknown:
            raise refusals.BadArgument(why=f'Unknown argument: "{unknown[0]}"')
        if "fields" in said and self.shown:
            wrong = [one for one in _names(said["fields"]) if one not in self.shown]
            if wrong:
                raise refusals.BadArgument(
                    why=f"Some fields do not exist  [{', '.join(wrong)}], please choose from [{', '.join(self.shown)}]"
                )
        asked.marker = said.get("marker", asked.marker)
        asked.all_projects = said.get("all_projects", "").lower() in TRUE_WORDS
        asked.include_output = said.get("include_output", "").lower() in TRUE_WORDS
        asked.nulls = tuple(_names(said.get("nulls", "")))
        if asked.all_projects and not call.caller.is_admin:
            raise refusals.NotAllowed(why="Operation forbidden (insufficient permissions)")
        asked.filters = {key: self._filter(key, said[key]) for key in said if key in self.arguments}
        for key in keys:
            self._column(key, f"Sort key supplied is invalid: {key}")
        asked.sort = [(key, direction == "desc") for key, direction in zip(keys, directions, strict=True)]
        return asked

    sorted_by: ClassVar[str] = "created_at"

    def _beside(self) -> Iterable[str]:
        return [name for name in _BESIDE if name in _BESIDE[:5] or name in self.more]

    def _column(self, name: str, why: str) -> str:
        if name not in self.fields:
            raise refusals.BadColumn(why=why)
        return name

    def _filter(self, key: str, text: str) -> tuple[str, Any]:
        if key in _JSON and self.arguments[key]:
            try:
                return "eq", dump(json.loads(text))
            except (ValueError, RecursionError) as wrong:
                raise _bad(key, text, f"unable to convert to json. Error: {wrong}") from None
        if not self.arguments[key]:
            raise refusals.BadColumn(why=f"type object '{self.word}' has no attribute '{key}'")
        operator, separator, value = text.partition(":")
        if not separator or operator not in OPERATORS:
            return "eq", text
        return operator, value.split(",") if operator in ("in", "nin") else value

    async def found(self, call: Call, asked: Asked) -> list[M]:
        """What a list shows, in its order, before it is cut."""
        query = common.Query()
        items = [obj for obj in await self.candidates(call, query) if self.visible(call, obj)]
        return self.arrange(items, asked)

    def arrange(self, items: Iterable[Any], asked: Asked) -> list[Any]:
        """Those that pass the filters, in order."""
        left = list(items)
        for key, (operator, wanted) in asked.filters.items():
            name = self.arguments[key]
            left = [obj for obj in left if self._passes(obj, name, operator, wanted)]
        for name in asked.nulls:
            if name not in self.fields:
                raise refusals.BadColumn(why=f"'{name}' is not a valid field name.")
            left = [obj for obj in left if not obj.HasField(name)]
        left.sort(key=lambda obj: obj.id)
        for key, descending in reversed(asked.sort):
            left.sort(key=partial(_sorted_by, key), reverse=descending)
        return left

    def _passes(self, obj: Any, name: str, operator: str, wanted: Any) -> bool:
        if name == "tags":
            return all(any(one in tag for tag in obj.tags) for one in _names(str(wanted))) if wanted else True
        value = _text(obj, name)
        if value is None:
            return False
        test = _TESTS[operator]
        return test(value, wanted)

    def cut_to(self, items: Sequence[Any], asked: Asked) -> Page:
        """The page behind the marker."""
        start = 0
        if asked.marker:
            place = next((n for n, one in enumerate(items) if one.id == asked.marker), None)
            if place is None:
                raise self.missing_marker(asked.marker)
            start = place + 1
        page = items[start : start + asked.limit] if asked.limit else items[start:]
        full = bool(asked.limit and len(page) == asked.limit)
        return Page(list(page), next_marker=page[-1].id if full else "")

    async def list(self, call: Call, request: Any) -> Result:
        asked = self.ask(call, request.query)
        return await self.page_of(call, await self.found(call, asked), asked)

    async def page_of(self, call: Call, found: Sequence[Any], asked: Asked) -> Page:
        """A page of objects, as a list shows them."""
        page = self.cut_to(found, asked)
        items: Sequence[Any] = page.items
        page.items = [await self.in_list(call, one, asked) for one in items]
        return page

    async def in_list(self, call: Call, obj: M, asked: Asked) -> Message:
        """An object as a list shows it."""
        return obj

    def missing_marker(self, marker: str) -> Exception:
        return self.not_found(id=marker, identifier=marker, name=marker, namespace="None")

    # -- one object

    async def by_name(self, call: Call, name: str, namespace: str | None = None, *, secure: bool = False) -> M | None:
        """The object of a name that the caller may know of, the project's own first; `secure`: as if no admin."""
        found: list[Any] = await call.tx.query(self.message, name=name)
        found = [obj for obj in found if self.knows(call, obj, secure)]
        if namespace is not None:
            found = [obj for obj in found if obj.namespace == namespace]
        found.sort(key=lambda obj: (obj.project_id != call.caller.project_id, obj.created_at.ToMicroseconds(), obj.id))
        return cast("M", found[0]) if found else None

    async def by_id_or_name(self, call: Call, identifier: str, namespace: str | None = None) -> M | None:
        found = await call.tx.get(self.message, identifier)
        if found is not None and self.knows(call, found, False):
            return cast("M", found)
        return await self.by_name(call, identifier, namespace)

    def knows(self, call: Call, obj: Any, secure: bool) -> bool:
        """Whether the caller may know of an object; `secure`: an administrator like everybody else."""
        if call.caller.is_admin and not secure:
            return True
        own = obj.project_id == call.caller.project_id
        return bool(own or getattr(obj, "scope", "") == "public" or self.shared(call, obj))

    def shared(self, call: Call, obj: Any) -> bool:
        """Whether an object of another project is shared with the caller's."""
        return False


def _names(text: str) -> list[str]:
    return [one.strip().lower() for one in text.split(",") if one.strip()]


def _integer(name: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError as wrong:
        why = str(wrong) if len(text) < 200 else "invalid literal for int() with base 10"
        raise _bad(name, text[:200], f"unable to convert to int. Error: {why}") from None
    return max(min(number, LIMIT_MAX), -LIMIT_MAX)


def integer(name: str, text: str, default: int) -> int:
    """A query parameter that is an integer."""
    return _integer(name, text) if text else default


def time_text(stamp: Any) -> str:
    return stamp.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S")  # type: ignore[no-any-return]


def stamp_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _text(obj: Any, name: str) -> str | None:
    field = obj.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not obj.HasField(name):
        return None
    value = getattr(obj, name)
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp":
        return time_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sorted_by(name: str, obj: Any) -> Any:
    value = getattr(obj, name)
    if hasattr(value, "ToMicroseconds"):
        return value.ToMicroseconds()
    if isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def _folded(value: str) -> str:
    return value.lower()


_TESTS: Mapping[str, Callable[[str, Any], bool]] = {
    "eq": lambda value, wanted: _folded(value) == _folded(wanted),
    "neq": lambda value, wanted: _folded(value) != _folded(wanted),
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "has": lambda value, wanted: _folded(wanted) in _folded(value),
    "in": lambda value, wanted: _folded(value) in [_folded(one) for one in wanted],
    "nin": lambda value, wanted: _folded(value) not in [_folded(one) for one in wanted],
}


def copied(obj: M) -> M:
    """A copy to show, of a stored object."""
    made = type(obj)()
    made.CopyFrom(obj)
    return made
