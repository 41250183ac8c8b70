"""The queries of provider lists and of candidates: values, their spelling, and what matches them.

Source: placement/util.py, placement/objects/resource_provider.py (_get_all_by_filters_from_db).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import fold_of
from mopenstack.core.engine.validation import is_format
from mopenstack.core.placement.records import known_class, known_trait
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_providers_pb2 import Inventory, Provider

_SINCE = {"name": 0, "uuid": 0, "member_of": 3, "resources": 4, "in_tree": 14, "required": 18}
_FORM = "Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: "  # noqa: E501


@dataclass(slots=True)
class Qualities:
    """What a request asks of a provider beside resources: each set of `required` and of `member_of` is a choice."""

    required: list[set[str]] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    member_of: list[set[str]] = field(default_factory=list)
    not_member_of: set[str] = field(default_factory=set)

    def traits_match(self, traits: Iterable[str]) -> bool:
        have = set(traits)
        return not self.forbidden & have and all(choice & have for choice in self.required)

    def aggregates_match(self, *candidates: Iterable[str]) -> bool:
        """Whether a list (a provider's, or its root's) has all choices, and none of them a forbidden one."""
        lists = [set(aggregates) for aggregates in candidates]
        return not any(self.not_member_of & have for have in lists) and any(
            all(choice & have for choice in self.member_of) for have in lists
        )


def capacity(inventory: Inventory) -> float:
    """What can be allocated at all."""
    return (inventory.total - inventory.reserved) * inventory.allocation_ratio


def has_room(provider: Provider, resource_class: str, amount: int) -> bool:
    """Whether one more allocation of the amount fits, by capacity and by the inventory's units."""
    if resource_class not in provider.inventories:
        return False
    inventory = provider.inventories[resource_class]
    return (
        provider.used.get(resource_class, 0) + amount <= capacity(inventory)
        and inventory.min_unit <= amount <= inventory.max_unit
        and amount % inventory.step_size == 0
    )


async def filtered(call: Call, query: Mapping[str, list[str]], providers: Sequence[Provider]) -> list[Provider]:
    """The providers that a list's query asks for; raises what is wrong with the query."""
    _check(call, query)
    qualities = Qualities()
    if "member_of" in query:
        qualities.member_of, qualities.not_member_of = read_member_of(call, query["member_of"], "")
    if "required" in query:
        qualities.required, qualities.forbidden = read_traits(call, query["required"])
    resources = read_resources(query["resources"][-1]) if "resources" in query else {}
    found = list(providers)
    if "name" in query and query["name"][-1]:
        fold = fold_of(call.cloud)
        found = [provider for provider in found if fold(provider.name) == fold(query["name"][-1])]
    if "uuid" in query:
        found = [provider for provider in found if provider.id == query["uuid"][-1]]
    if "in_tree" in query:
        root = next((provider.root_id for provider in providers if provider.id == query["in_tree"][-1]), None)
        found = [provider for provider in found if provider.root_id == root]
    for trait in sorted(qualities.forbidden.union(*qualities.required)):
        if not await known_trait(call, trait):
            text = refusals.TraitNotFound(id=trait).text
            raise BadRequest(f'Invalid trait(s) in "required" parameter: {text}')
    for name in resources:
        if not await known_class(call, name):
            text = refusals.ResourceClassNotFound(id=name).text
            raise BadRequest(f"Invalid resource class in resources parameter: {text}")
    return [
        provider
        for provider in found
        if qualities.traits_match(provider.traits)
        and qualities.aggregates_match(provider.aggregates)
        and all(has_room(provider, name, amount) for name, amount in resources.items())
    ]


def _check(call: Call, query: Mapping[str, list[str]]) -> None:
    unknown = sorted(key for key in query if not call.at_least(_SINCE.get(key, 1_000)))
    if unknown:
        raise InvalidField((), query, "unknown", unknown)
    for key in ("uuid", "in_tree"):
        if key in query and not is_format("uuid", query[key][-1]):
            raise InvalidField((key,), query[key][-1], "format", "uuid")


def read_resources(text: str) -> dict[str, int]:
    """`VCPU:2,MEMORY_MB:1024`."""
    if not text.strip():
        raise BadRequest(f"{_FORM}empty string.")
    found = {}
    for part in text.split(","):
        name, colon, amount = part.partition(":")
        if not colon or ":" in amount:
            raise BadRequest(f"{_FORM}{part}.")
        try:
            number = int(amount)
        except ValueError:
            raise BadRequest(f"Requested resource {name} expected positive integer amount. Got: {amount}.") from None
        if number < 1:
            raise BadRequest(f"Requested resource {name} requires amount >= 1. Got: {number}.")
        found[name] = number
    return found


def read_traits(call: Call, values: Sequence[str]) -> tuple[list[set[str]], set[str]]:
    """(choices of required traits, forbidden ones) of the values of a `required`."""
    required: list[set[str]] = []
    forbidden: set[str] = set()
    # Up to 1.38 only the last of repeated parameters counts.
    for value in values if call.at_least(39) else values[-1:]:
        choices, never = read_trait_list(value, forbidden=call.at_least(22), any_of=call.at_least(39))
        required += choices
        forbidden |= never
    return required, forbidden


def read_trait_list(value: str, *, forbidden: bool, any_of: bool) -> tuple[list[set[str]], set[str]]:
    """One value: traits, forbidden ones behind a `!`, or a choice behind `in:`."""
    expected = "Invalid query string parameters: Expected 'required' parameter value of the form: "
    example = "The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC'"
    if value.startswith("in:"):
        if not any_of:
            raise BadRequest(
                f"Invalid query string parameters: {example} only supported since microversion 1.39. Got: {value}"
            )
        choice = {name.strip() for name in value[3:].split(",")}
        if "" in choice:
            raise BadRequest(f"{expected}in:HW_CPU_X86_VMX,CUSTOM_MAGIC. Got an empty trait in: {value}")
        if any(name.startswith("!") for name in choice):
            raise BadRequest(
                f"Invalid query string parameters: {example} does not support forbidden traits. Got: {value}"
            )
        return [choice], set()
    names = [name.strip() for name in value.split(",")]
    never = {name.lstrip("!") for name in names if name.startswith("!")}
    if not all([*never, *names]):
        form = "HW_CPU_X86_VMX,!CUSTOM_MAGIC" if forbidden else "HW_CPU_X86_VMX,CUSTOM_MAGIC"
        raise BadRequest(f"{expected}{form}. Got an empty trait in: {value}")
    if never and not forbidden:
        raise BadRequest(f"{expected}HW_CPU_X86_VMX,CUSTOM_MAGIC. Got: {value}")
    return [{name} for name in names if not name.startswith("!")], never


def read_member_of(call: Call, values: Sequence[str], suffix: str) -> tuple[list[set[str]], set[str]]:
    """(choices of aggregates, forbidden ones) of the values of a `member_of`."""
    if not call.at_least(24) and len(values) > 1:
        raise BadRequest(f"Multiple member_of{suffix} parameters are not supported")
    required: list[set[str]] = []
    forbidden: set[str] = set()
    for value in values:
        choice, never = _one_member_of(value)
        if never and not call.at_least(32):
            raise BadRequest(f"Forbidden member_of{suffix} parameters are not supported in the specified microversion")
        required += [choice] if choice else []
        forbidden |= never
    return required, forbidden


def _one_member_of(value: str) -> tuple[set[str], set[str]]:
    if "," in value and not value.startswith(("in:", "!in:")):
        raise BadRequest(
            "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword "
            f"using the valid microversion. Got: {value}"
        )
    never = value.startswith("!")
    plain = value.removeprefix("!")
    names = set(plain.removeprefix("in:").split(",")) if plain.startswith("in:") else {plain}
    for name in sorted(names):
        if not is_format("uuid", name):
            raise BadRequest(
                f"Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: {name}"
            )
    return (set(), names) if never else (names, set())
