"""The search for allocation candidates over all providers, group by group, then together.

After placement.objects.allocation_candidate and research_context. A candidate is anchored at the root of one tree:
its providers are in that tree, or share what they have with a member of it through an aggregate.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mopenstack.core.placement.groups import Asked, Group
from mopenstack.core.placement.provider_filters import capacity, has_room
from mopenstack.core.placement.standard import SHARING
from mopenstack.placement.v1.resource_providers_pb2 import Provider

COMBINATIONS_MAX = 100_000
"""Most combinations of providers that one search looks at."""

AllocatedResource = tuple[str, str, int]
"""(provider, resource class, amount)"""


@dataclass(frozen=True, slots=True)
class AllocationRequest:
    """How one group is served for one anchor."""

    anchor: str
    resources: frozenset[AllocatedResource]
    suffix: str
    providers: frozenset[str]


@dataclass(slots=True)
class Candidate:
    """How all groups are served: amounts by provider and class, and who served which group."""

    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    mappings: dict[str, set[str]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[frozenset[AllocatedResource], frozenset[tuple[str, frozenset[str]]]]:
        resources = {(id, name, amount) for id, held in self.amounts.items() for name, amount in held.items()}
        return frozenset(resources), frozenset((suffix, frozenset(ids)) for suffix, ids in self.mappings.items())


class ProviderTrees:
    """The providers as they are now."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self.providers = providers
        self.by_id = {provider.id: provider for provider in providers}
        self.sharing = [provider for provider in providers if SHARING in provider.traits]
        self.has_trees = any(provider.parent_id for provider in providers)

    def anchors(self, sharing: Provider) -> list[str]:
        """The roots of what is in an aggregate of the sharing provider."""
        mine = set(sharing.aggregates)
        return list(dict.fromkeys(other.root_id for other in self.providers if mine & set(other.aggregates)))

    def ancestors(self, id: str) -> set[str]:
        """A provider and all above it."""
        found = set()
        while id:
            found.add(id)
            id = self.by_id[id].parent_id
        return found

    def summaries(self, roots: set[str]) -> list[Provider]:
        return [provider for provider in self.providers if provider.root_id in roots]


def search(trees: ProviderTrees, asked: Asked) -> tuple[list[Candidate], list[Provider]]:
    """(candidates, the providers of their trees)."""
    roots = None
    if asked.root.required or asked.root.forbidden:
        roots = {p.id for p in trees.providers if not p.parent_id and asked.root.traits_match(p.traits)}
    parts: dict[str, defaultdict[str, list[AllocationRequest]]] = {}
    for suffix, group in asked.groups.items():
        by_anchor: defaultdict[str, list[AllocationRequest]] = defaultdict(list)
        for part in dict.fromkeys(_serve(trees, group, roots)):
            by_anchor[part.anchor].append(part)
        if not by_anchor:
            return [], []
        parts[suffix] = by_anchor
    candidates = _together(trees, asked, parts)
    shown = trees.summaries({trees.by_id[id].root_id for candidate in candidates for id in candidate.amounts})
    if not asked.nested and trees.has_trees:
        candidates = [candidate for candidate in candidates if _one_a_tree(trees, candidate)]
        used = {id for candidate in candidates for id in candidate.amounts}
        shown = [provider for provider in shown if provider.id in used]
    if asked.limit and asked.limit < len(candidates):
        candidates = candidates[: asked.limit]
        kept = {trees.by_id[id].root_id for candidate in candidates for id in candidate.amounts}
        shown = [provider for provider in shown if provider.root_id in kept]
    return candidates, shown


def _serve(trees: ProviderTrees, group: Group, roots: set[str] | None) -> Iterator[AllocationRequest]:
    if group.same_provider or not (trees.sharing or trees.has_trees):
        return _serve_alone(trees, group, roots)
    return _serve_as_tree(trees, group, roots)


def _tree(trees: ProviderTrees, group: Group) -> str | None:
    """The root that the group must be under; None: any; empty: there is no such tree."""
    if not group.in_tree:
        return None
    named = trees.by_id.get(group.in_tree)
    return named.root_id if named is not None else ""


def _serve_alone(trees: ProviderTrees, group: Group, roots: set[str] | None) -> Iterator[AllocationRequest]:
    """One provider for all of the group."""
    qualities, tree = group.qualities, _tree(trees, group)
    if tree == "" or not (group.resources or qualities.required or qualities.member_of):
        return
    for provider in trees.providers:
        if group.resources and tree is not None and provider.root_id != tree:
            continue
        if not qualities.traits_match(provider.traits) or not qualities.aggregates_match(provider.aggregates):
            continue
        if not all(has_room(provider, name, amount) for name, amount in group.resources.items()):
            continue
        resources = frozenset((provider.id, name, amount) for name, amount in group.resources.items())
        anchors = [provider.root_id]
        if SHARING in provider.traits:
            anchors += [anchor for anchor in trees.anchors(provider) if anchor != provider.root_id]
        for anchor in anchors:
            if roots is None or anchor in roots:
                yield AllocationRequest(anchor, resources, group.suffix, frozenset({provider.id}))


def _serve_as_tree(trees: ProviderTrees, group: Group, roots: set[str] | None) -> Iterator[AllocationRequest]:
    """Each resource class from any provider of the tree, or from one that shares with it."""
    by_class = {name: _sources(trees, group, roots, name, amount) for name, amount in group.resources.items()}
    if not by_class:
        return
    common = set.intersection(*(set(sources) for sources in by_class.values()))
    for root in [provider.id for provider in trees.providers if provider.id in common]:
        choices = [[(id, name) for id in sources[root]] for name, sources in by_class.items()]
        for combination in itertools.islice(itertools.product(*choices), COMBINATIONS_MAX):
            ids = frozenset(id for id, _ in combination)
            # A forbidden trait of any of them counts, a required one is a matter of all together.
            traits = {trait for id in ids for trait in trees.by_id[id].traits}
            if group.qualities.traits_match(traits):
                resources = frozenset((id, name, group.resources[name]) for id, name in combination)
                yield AllocationRequest(root, resources, group.suffix, ids)


def _sources(
    trees: ProviderTrees, group: Group, roots: set[str] | None, name: str, amount: int
) -> defaultdict[str, list[str]]:
    """Anchor -> providers that have room for the amount."""
    tree, qualities = _tree(trees, group), group.qualities
    found: defaultdict[str, list[str]] = defaultdict(list)
    for provider in trees.providers:
        if not has_room(provider, name, amount) or (tree is not None and provider.root_id != tree):
            continue
        anchors = {provider.root_id}
        if tree is None and SHARING in provider.traits and _in_choice(provider, group):
            anchors |= set(trees.anchors(provider))
        for anchor in anchors:
            # An aggregate of the root spans the whole tree.
            spanning = trees.by_id[anchor].aggregates
            if (roots is None or anchor in roots) and qualities.aggregates_match(provider.aggregates, spanning):
                found[anchor].append(provider.id)
    return found


def _in_choice(provider: Provider, group: Group) -> bool:
    have = set(provider.aggregates)
    return all(choice & have for choice in group.qualities.member_of)


def _together(
    trees: ProviderTrees, asked: Asked, parts: dict[str, defaultdict[str, list[AllocationRequest]]]
) -> list[Candidate]:
    found: dict[object, Candidate] = {}
    anchors = [p.id for p in trees.providers if all(p.id in by_anchor for by_anchor in parts.values())]
    products = (itertools.product(*(by_anchor[anchor] for by_anchor in parts.values())) for anchor in anchors)
    for combination in itertools.islice(itertools.chain.from_iterable(products), COMBINATIONS_MAX):
        if asked.isolate and not _isolated(combination):
            continue
        if not all(_same_subtree(trees, combination, suffixes) for suffixes in asked.same_subtrees):
            continue
        candidate = _sum(combination)
        if not _exceeds(trees, candidate):
            found.setdefault(candidate.key, candidate)
    return list(found.values())


def _sum(combination: Iterable[AllocationRequest]) -> Candidate:
    candidate = Candidate()
    for part in combination:
        for id, name, amount in sorted(part.resources):
            held = candidate.amounts.setdefault(id, {})
            held[name] = held.get(name, 0) + amount
        candidate.mappings.setdefault(part.suffix, set()).update(part.providers)
    return candidate


def _isolated(combination: Sequence[AllocationRequest]) -> bool:
    granular = [part.providers for part in combination if part.suffix]
    return len(frozenset().union(*granular)) == len(granular)


def _same_subtree(trees: ProviderTrees, combination: Iterable[AllocationRequest], suffixes: set[str]) -> bool:
    """Whether one of the providers that serve these groups is above (or the same as) all the others."""
    ids: set[str] = set().union(*(part.providers for part in combination if part.suffix in suffixes))
    if len(ids) == 1:
        return True
    common = set.intersection(*(trees.ancestors(id) for id in ids)) if ids else set()
    return not common.isdisjoint(ids)


def _exceeds(trees: ProviderTrees, candidate: Candidate) -> bool:
    """Groups that fit each alone may be too much together."""
    for id, held in candidate.amounts.items():
        provider = trees.by_id[id]
        for name, amount in held.items():
            inventory = provider.inventories[name]
            if provider.used.get(name, 0) + amount > int(capacity(inventory)) or amount > inventory.max_unit:
                return True
    return False


def _one_a_tree(trees: ProviderTrees, candidate: Candidate) -> bool:
    roots = [trees.by_id[id].root_id for id in candidate.amounts]
    return len(roots) == len(set(roots))
