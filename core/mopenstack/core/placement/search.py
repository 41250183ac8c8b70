"""The search for allocation candidates over all providers, group by group, then together.

After placement.objects.allocation_candidate and research_context. A candidate is anchored at the root of one tree:
its providers are in that tree, or share what they have with a member of it through an aggregate.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mopenstack.core.placement.groups import Asked, Group
from mopenstack.core.placement.provider_filters import capacity, has_room
from mopenstack.core.placement.standard import SHARING
from mopenstack.placement.v1.resource_providers_pb2 import Provider

STEPS_MAX = 200_000
"""Most parts of combinations that one search looks at."""
CANDIDATES_MAX = 2_000
"""Most candidates of one search, whatever its limit: twice as many as Nova asks for."""

AllocatedResource = tuple[str, str, int]
"""(provider, resource class, amount)"""


@dataclass(frozen=True, slots=True)
class AllocationRequest:
    """How one group is served for one anchor."""

    anchor: str
    resources: frozenset[AllocatedResource]
    suffix: str
    providers: frozenset[str]


_NONE_LEFT = AllocationRequest("", frozenset(), "", frozenset())


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
        self._anchors: dict[str, list[str]] = {}

    def anchors(self, sharing: Provider) -> list[str]:
        """The roots of what is in an aggregate of the sharing provider."""
        found = self._anchors.get(sharing.id)
        if found is None:
            mine = set(sharing.aggregates)
            roots = (other.root_id for other in self.providers if not mine.isdisjoint(other.aggregates))
            found = self._anchors[sharing.id] = list(dict.fromkeys(roots))
        return found

    def ancestors(self, id: str) -> set[str]:
        """A provider and all above it."""
        found = set()
        while id:
            found.add(id)
            id = self.by_id[id].parent_id
        return found

    def summaries(self, roots: set[str]) -> list[Provider]:
        return [provider for provider in self.providers if provider.root_id in roots]


Served = Callable[[str], Iterator[AllocationRequest | None]]
"""How a group can be served for an anchor, one after the other; None: one that does not do was looked at."""


class Search:
    """One search, made step by step: candidates come one after the other until there are as many as asked for."""

    def __init__(self, trees: ProviderTrees, asked: Asked) -> None:
        self._trees, self._asked = trees, asked
        self._found: dict[object, Candidate] = {}
        flat = not asked.nested and trees.has_trees
        # Where trees are not wanted, what is left out is known only once all is found.
        self._enough = min(asked.limit, CANDIDATES_MAX) if asked.limit and not flat else CANDIDATES_MAX
        self._flat = flat
        self._steps = itertools.islice(_steps(trees, asked), STEPS_MAX)

    def advance(self, seconds: float = float("inf")) -> bool:
        """Go on for about so long; true: all is found."""
        until = time.monotonic() + seconds
        for candidate in self._steps:
            if candidate is not None:
                self._found.setdefault(candidate.key, candidate)
                if len(self._found) >= self._enough:
                    return True
            if time.monotonic() >= until:
                return False
        return True

    def result(self) -> tuple[list[Candidate], list[Provider]]:
        """(candidates, the providers of their trees)."""
        trees, limit, candidates = self._trees, self._asked.limit, list(self._found.values())
        shown = trees.summaries({trees.by_id[id].root_id for candidate in candidates for id in candidate.amounts})
        if self._flat:
            candidates = [candidate for candidate in candidates if _one_a_tree(trees, candidate)]
            used = {id for candidate in candidates for id in candidate.amounts}
            shown = [provider for provider in shown if provider.id in used]
        if limit and limit < len(candidates):
            candidates = candidates[:limit]
            kept = {trees.by_id[id].root_id for candidate in candidates for id in candidate.amounts}
            shown = [provider for provider in shown if provider.root_id in kept]
        return candidates, shown


def search(trees: ProviderTrees, asked: Asked) -> tuple[list[Candidate], list[Provider]]:
    """(candidates, the providers of their trees), at once."""
    found = Search(trees, asked)
    found.advance()
    return found.result()


def _steps(trees: ProviderTrees, asked: Asked) -> Iterator[Candidate | None]:
    """Every candidate, and None for every step in between."""
    roots = None
    if asked.root.required or asked.root.forbidden:
        roots = {p.id for p in trees.providers if not p.parent_id and asked.root.traits_match(p.traits)}
    served: list[Served] = []
    anchors: set[str] | None = None
    for group in asked.groups.values():
        where, parts = _serve(trees, group, roots)
        anchors = where if anchors is None else anchors & where
        if not anchors:
            return
        served.append(parts)
        yield None
    for provider in trees.providers:
        if anchors and provider.id in anchors:
            yield from _together(trees, asked, served, provider.id)


def _serve(trees: ProviderTrees, group: Group, roots: set[str] | None) -> tuple[set[str], Served]:
    """(anchors, the group's parts for each of them)."""
    if not group.same_provider and (trees.sharing or trees.has_trees):
        return _serve_as_tree(trees, group, roots)
    by_anchor: defaultdict[str, list[AllocationRequest]] = defaultdict(list)
    for part in dict.fromkeys(_serve_alone(trees, group, roots)):
        by_anchor[part.anchor].append(part)
    return set(by_anchor), lambda anchor: iter(by_anchor[anchor])


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


def _serve_as_tree(trees: ProviderTrees, group: Group, roots: set[str] | None) -> tuple[set[str], Served]:
    """Each resource class from any provider of the tree, or from one that shares with it."""
    by_class = {name: _sources(trees, group, roots, name, amount) for name, amount in group.resources.items()}
    anchors = set.intersection(*(set(sources) for sources in by_class.values())) if by_class else set()

    def parts(root: str) -> Iterator[AllocationRequest | None]:
        choices = [[(id, name) for id in sources[root]] for name, sources in by_class.items()]
        for combination in itertools.product(*choices):
            ids = frozenset(id for id, _ in combination)
            # A forbidden trait of any of them counts, a required one is a matter of all together.
            traits = {trait for id in ids for trait in trees.by_id[id].traits}
            if group.qualities.traits_match(traits):
                resources = frozenset((id, name, group.resources[name]) for id, name in combination)
                yield AllocationRequest(root, resources, group.suffix, ids)
            else:
                yield None

    return anchors, parts


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


def _together(trees: ProviderTrees, asked: Asked, served: Sequence[Served], anchor: str) -> Iterator[Candidate | None]:
    """One part of each group, group by group: what does not do is left as soon as it shows."""
    chosen: list[AllocationRequest] = []
    open_parts = [served[0](anchor)]
    while open_parts:
        part = next(open_parts[-1], _NONE_LEFT)
        if part is _NONE_LEFT:
            open_parts.pop()
            if chosen:
                chosen.pop()
            continue
        if part is None or not _fits(trees, asked, chosen, part):
            yield None
            continue
        chosen.append(part)
        if len(chosen) < len(served):
            open_parts.append(served[len(chosen)](anchor))
            yield None
            continue
        whole = all(_same_subtree(trees, chosen, suffixes) for suffixes in asked.same_subtrees)
        yield _sum(chosen) if whole else None
        chosen.pop()


def _fits(trees: ProviderTrees, asked: Asked, chosen: Sequence[AllocationRequest], part: AllocationRequest) -> bool:
    """Whether a part goes with those that were chosen: of other providers if so asked, and not too much together."""
    if asked.isolate and part.suffix and any(one.suffix and one.providers & part.providers for one in chosen):
        return False
    return not any(
        any(not one.providers.isdisjoint(part.providers) for one in chosen)
        and _exceeds(trees, id, name, amount + sum(_amount(one, id, name) for one in chosen))
        for id, name, amount in part.resources
    )


def _amount(part: AllocationRequest, id: str, name: str) -> int:
    return sum(amount for other, kind, amount in part.resources if (other, kind) == (id, name))


def _sum(combination: Iterable[AllocationRequest]) -> Candidate:
    candidate = Candidate()
    for part in combination:
        for id, name, amount in sorted(part.resources):
            held = candidate.amounts.setdefault(id, {})
            held[name] = held.get(name, 0) + amount
        candidate.mappings.setdefault(part.suffix, set()).update(part.providers)
    return candidate


def _same_subtree(trees: ProviderTrees, combination: Iterable[AllocationRequest], suffixes: set[str]) -> bool:
    """Whether one of the providers that serve these groups is above (or the same as) all the others."""
    ids: set[str] = set().union(*(part.providers for part in combination if part.suffix in suffixes))
    if len(ids) == 1:
        return True
    common = set.intersection(*(trees.ancestors(id) for id in ids)) if ids else set()
    return not common.isdisjoint(ids)


def _exceeds(trees: ProviderTrees, id: str, name: str, amount: int) -> bool:
    """Groups that fit each alone may be too much together."""
    provider = trees.by_id[id]
    inventory = provider.inventories[name]
    return provider.used.get(name, 0) + amount > int(capacity(inventory)) or amount > inventory.max_unit


def _one_a_tree(trees: ProviderTrees, candidate: Candidate) -> bool:
    roots = [trees.by_id[id].root_id for id in candidate.amounts]
    return len(roots) == len(set(roots))
