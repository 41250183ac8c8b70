"""What lists of images can be asked for (glance.api.v2.images, glance.db.sqlalchemy.api).

Any key that is no attribute is a free property: the filters are Glance's own, not declared ones.
"""

from __future__ import annotations

import csv
import operator
from collections.abc import Callable
from datetime import UTC, datetime

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.listing import Fold, folded
from mopenstack.core.image.images.states import STATUS_WORDS, VISIBILITY_WORDS
from mopenstack.core.store.texts import Wanted, equal
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2 as pb

Test = Callable[[pb.Image], bool]

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
VISIBILITIES = ("community", "public", "private", "shared", "all")
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")
WITH_OPERATORS = ("name", "id", "status", "container_format", "disk_format")
_COLUMNS = (
    *("owner", "min_ram", "min_disk", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value"),
    *WITH_OPERATORS,
)
_COMPARE = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def member_status(query: common.Query) -> str:
    """With which status of its membership a project sees the images shared with it."""
    value = _last(query, "member_status") or "accepted"
    if value not in MEMBER_STATUSES:
        raise refusals.BadFilter(f"Invalid status: {value}")
    return value


def tests(query: common.Query, project_id: str, fold: Fold) -> list[Test]:
    """Every test that an image of the list must pass; raises BadFilter in Glance's order."""
    for sort in query.sort:
        if sort.key not in SORT_KEYS:
            allowed = ", ".join(SORT_KEYS)
            raise refusals.BadFilter(f"Invalid sort key: {sort.key}. It must be one of the following: {allowed}.")
    found = [_hidden(_last(query, "os_hidden") or "false"), _visibility(_last(query, "visibility"), project_id)]
    for item in query.filters:
        values = list(item.values)
        if item.key == "tag":
            found.append(_tags(folded((value.strip() for value in values), fold), fold))
        elif item.key not in ("os_hidden", "visibility", "member_status"):
            found.append(_test(item.key, values[-1], fold))
    return found


def wanted_name(query: common.Query, fold: Fold) -> Wanted | None:
    """What finds the images of the name that a query asks for; None: it asks for none."""
    value = _last(query, "name")
    return equal("name", _wanted("name", value), lower=fold is not str) if value else None


def _last(query: common.Query, key: str) -> str:
    return next((item.values[-1] for item in query.filters if item.key == key and item.values), "")


def _tags(wanted: set[str], fold: Fold) -> Test:
    return lambda image: wanted <= folded(image.tags, fold)


def _hidden(value: str) -> Test:
    flag = _flag("os_hidden", value.lower())
    return lambda image: image.os_hidden == flag


def _flag(key: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise refusals.BadFilter(f"Invalid value '{value}' for '{key}' filter. Valid values are 'true' or 'false'.")
    return value == "true"


def _visibility(value: str, project_id: str) -> Test:
    if value and value not in VISIBILITIES:
        raise refusals.BadFilter(f"Invalid visibility value: {value}")
    if value == "all":
        return lambda _: True
    if value:
        return lambda image: VISIBILITY_WORDS[image.visibility] == value
    return lambda image: image.visibility != pb.Image.COMMUNITY or image.project_id == project_id


def _test(key: str, value: str, fold: Fold) -> Test:
    if key == "changes-since":
        raise refusals.BadFilter('The "changes-since" filter is no longer available on v2.')
    if key == "protected":
        flag = _flag(key, value)
        return lambda image: image.protected == flag
    if key.endswith(("_min", "_max")):
        return _range(key[:-4], value, least=key.endswith("_min"))
    if key in ("created_at", "updated_at"):
        return _time(key, value)
    if key in _COLUMNS:
        wanted = folded(_wanted(key, value), fold)
        return lambda image: (text := _column(image, key)) is not None and fold(text) in wanted
    return lambda image: key in image.properties and fold(image.properties[key]) == fold(value)


def _column(image: pb.Image, key: str) -> str | None:
    if key == "status":
        return STATUS_WORDS[image.status]
    name = "project_id" if key == "owner" else key
    field = pb.Image.DESCRIPTOR.fields_by_name[name]
    return None if field.has_presence and not image.HasField(name) else str(getattr(image, name))


def _wanted(key: str, value: str) -> list[str]:
    if key not in WITH_OPERATORS:
        return [value]
    name, text = split_operator(value)
    if name == "eq":
        return [text]
    if name == "in":
        return _quoted_list(text)
    raise refusals.BadFilter(f"Unable to filter by unknown operator '{name}'.")


def split_operator(value: str) -> tuple[str, str]:
    """`in:a,b` -> ("in", "a,b"); a time keeps its colons (glance.common.utils.split_filter_op)."""
    left, colon, right = value.partition(":")
    if not colon:
        return "eq", value
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return left, right
    return "eq", value


def _quoted_list(text: str) -> list[str]:
    if text.count('"') % 2:
        raise refusals.BadFilter(f"Invalid filter value {text}. The quote is not closed.")
    return next(csv.reader([text], skipinitialspace=True), [])


def _range(key: str, value: str, *, least: bool) -> Test:
    try:
        bound = int(value)
    except ValueError:
        raise refusals.BadFilter("Unable to filter on a range with a non-numeric value.") from None
    if key not in ("size", "min_ram", "min_disk", "virtual_size"):
        return lambda _: False

    def test(image: pb.Image) -> bool:
        text = _column(image, key)
        return text is not None and (int(text) >= bound if least else int(text) <= bound)

    return test


def _time(key: str, value: str) -> Test:
    name, text = split_operator(value)
    try:
        threshold = datetime.fromisoformat(text)
    except ValueError:
        said = f'Bad "{key}" query filter format. Use ISO 8601 DateTime notation.'
        raise refusals.BadFilter(said) from None
    if name not in _COMPARE:
        raise refusals.BadFilter("Unable to filter on a unknown operator.")
    if threshold.tzinfo is None:
        threshold = threshold.replace(tzinfo=UTC)
    compare = _COMPARE[name]
    return lambda image: compare(getattr(image, key).ToDatetime(tzinfo=UTC).replace(microsecond=0), threshold)
