"""A query for allocation candidates: its groups of resources and what it asks of all of them together.

Source: placement/lib.py, placement/schemas/allocation_candidate.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.core.placement.provider_filters import (
    Qualities,
    read_member_of,
    read_resources,
    read_trait_list,
    read_traits,
)
from mopenstack.placement.v1 import refusals

Query = Mapping[str, list[str]]

_NUMBERS = r"[1-9][0-9]*"
_WORDS = r"[a-zA-Z0-9_-]{1,64}"
_LIMIT = "^[1-9][0-9]*$"


@dataclass(slots=True)
class Group:
    """Resources and qualities of one provider; without a suffix those of a tree and what is shared with it."""

    suffix: str
    resources: dict[str, int] = field(default_factory=dict)
    qualities: Qualities = field(default_factory=Qualities)
    in_tree: str = ""

    @property
    def same_provider(self) -> bool:
        return bool(self.suffix)


@dataclass(slots=True)
class Asked:
    """The whole request."""

    groups: dict[str, Group] = field(default_factory=dict)
    limit: int = 0
    isolate: bool = False
    root: Qualities = field(default_factory=Qualities)
    same_subtrees: list[set[str]] = field(default_factory=list)
    nested: bool = True
    """Whether several providers of one tree may serve together."""

    @property
    def traits(self) -> set[str]:
        found: set[str] = set()
        for qualities in (self.root, *(group.qualities for group in self.groups.values())):
            found |= qualities.forbidden.union(*qualities.required)
        return found


def read(call: Call, query: Query) -> Asked:
    """Raises what is wrong with the query."""
    _check_keys(call, query)
    asked = Asked(nested=call.at_least(29))
    if "limit" in query:
        asked.limit = int(query["limit"][0])
    policy = query.get("group_policy", [""])[0]
    asked.isolate = policy == "isolate"
    if "root_required" in query:
        asked.root = _root(query["root_required"])
    asked.same_subtrees = [_subtree(value) for value in query.get("same_subtree", ())]
    asked.groups = _groups(call, query)
    _check_groups(call, asked)
    if not policy and sum(group.same_provider for group in asked.groups.values()) > 1:
        raise BadRequest(
            'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.'
        )
    return asked


def group_key(call: Call) -> re.Pattern[str]:
    """What keys of groups look like: (kind)(suffix)."""
    kinds = "|".join(_kinds(call))
    return exact(rf"^({kinds})({_suffix(call)})?$" if call.at_least(25) else rf"^({kinds})()$")


def _kinds(call: Call) -> list[str]:
    since = {"resources": 10, "required": 17, "member_of": 21, "in_tree": 31}
    return [kind for kind, first in since.items() if call.at_least(first)]


def _suffix(call: Call) -> str:
    return _WORDS if call.at_least(33) else _NUMBERS


def _check_keys(call: Call, query: Query) -> None:
    since = {"limit": 16, "group_policy": 25, "root_required": 35, "same_subtree": 36}
    pattern = group_key(call)
    unknown = [key for key in query if pattern.match(key) is None and not (key in since and call.at_least(since[key]))]
    if unknown and call.at_least(25):
        patterns = [f"^{kind}({_suffix(call)})?$" for kind in _kinds(call)]
        raise InvalidField((), query, "pattern_properties", (unknown, patterns))
    if unknown:
        raise InvalidField((), query, "unknown", sorted(unknown))
    if not call.at_least(25) and "resources" not in query:
        raise InvalidField(("resources",), {key: values[-1] for key, values in query.items()}, "required", "resources")
    if "limit" in query and exact(_LIMIT).search(query["limit"][-1]) is None:
        raise InvalidField(("limit",), query["limit"][-1], "pattern", _LIMIT)
    if "group_policy" in query and query["group_policy"][-1] not in ("none", "isolate"):
        raise InvalidField(("group_policy",), query["group_policy"][-1], "one_of", ["none", "isolate"])


def _root(values: list[str]) -> Qualities:
    if len(values) > 1:
        raise refusals.DuplicateQueryKey("Query parameter 'root_required' may be specified only once.")
    required, forbidden = read_trait_list(values[0], forbidden=True, any_of=False)
    conflicts = forbidden.intersection(set().union(*required))
    if conflicts:
        text = ", ".join(sorted(conflicts))
        raise refusals.BadQueryValue(f"Conflicting required and forbidden traits found in root_required: {text}")
    return Qualities(required, forbidden)


def _subtree(value: str) -> set[str]:
    suffixes = {part.strip() for part in value.split(",")}
    if "" in suffixes:
        raise refusals.BadQueryValue("Empty string (unsuffixed group) can not be specified in `same_subtree` ")
    return suffixes


def _groups(call: Call, query: Query) -> dict[str, Group]:
    pattern = group_key(call)
    found: dict[str, Group] = {}
    for key, values in query.items():
        match = pattern.match(key)
        if match is None:
            continue
        kind, suffix = match[1], match[2] or ""
        group = found.setdefault(suffix, Group(suffix))
        if kind == "resources":
            group.resources = read_resources(values[-1])
        elif kind == "required":
            group.qualities.required, group.qualities.forbidden = read_traits(call, values)
        elif kind == "member_of":
            group.qualities.member_of, group.qualities.not_member_of = read_member_of(call, values, suffix)
        else:
            group.in_tree = values[-1].strip()
            if not is_format("uuid", group.in_tree):
                raise BadRequest(
                    "Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. "
                    f"Got: {values[-1]}"
                )
    return found


def _check_groups(call: Call, asked: Asked) -> None:
    groups = asked.groups
    if call.at_least(36):
        _check_subtrees(groups, set().union(*asked.same_subtrees))
    else:
        _check_orphans(groups.values())
    if call.at_least(22):
        conflicts = sorted(
            f"required{group.suffix}: ({', '.join(sorted(choice))})"
            for group in groups.values()
            for choice in group.qualities.required
            if choice <= group.qualities.forbidden
        )
        if conflicts:
            head = "Conflicting required and forbidden traits found in the following traits keys: "
            raise BadRequest(head + ", ".join(conflicts))


def _check_subtrees(groups: Mapping[str, Group], named: Collection[str]) -> None:
    bare = [suffix for suffix, group in groups.items() if not group.resources]
    if len(bare) == len(groups):
        raise refusals.MissingQueryValue("There must be at least one resources or resources[$S] parameter.")
    wrong = [suffix for suffix in bare if suffix not in named]
    if wrong:
        raise refusals.BadQueryValue(
            "Resourceless suffixed group request should be specified in `same_subtree` query param: "
            f"bad group(s) - {wrong}."
        )
    wrong = [suffix for suffix in sorted(named) if suffix not in groups]
    if wrong:
        raise refusals.BadQueryValue(
            f"Real suffixes should be specified in `same_subtree`: {wrong} not found in {list(groups)}."
        )


def _check_orphans(groups: Collection[Group]) -> None:
    bare = [group for group in groups if not group.resources]
    orphans = [f"required{group.suffix}" for group in bare if group.qualities.required]
    if orphans:
        raise BadRequest(
            "All traits parameters must be associated with resources.  "
            f"Found the following orphaned traits keys: {', '.join(orphans)}"
        )
    orphans = [f"member_of{g.suffix}" for g in bare if g.qualities.member_of or g.qualities.not_member_of]
    if orphans:
        raise BadRequest(
            "All member_of parameters must be associated with resources. "
            f"Found the following orphaned member_of keys: {', '.join(orphans)}"
        )
    if bare:
        raise BadRequest("All request groups must specify resources.")
    if not groups:
        raise BadRequest("At least one request group (`resources` or `resources{$S}`) is required.")
