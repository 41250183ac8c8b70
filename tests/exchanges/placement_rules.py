"""Resource providers, which Placement shows in parts only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mopenstack.contract.contract import contract

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging


def provider(stage: Staging) -> None:
    """The provider that the path names."""
    exchange = stage.exchange
    id = next(iter(exchange.variables.values()), "")
    unknown = "No resource provider" in str(exchange.line.get("response"))
    if exchange.verb == "POST" or not id or unknown:
        return
    kept: Any = contract().resources["resource_provider"]
    made = kept(id=id, name=f"Neutron segment id {id}", root_id=id, number=90)
    answer = exchange.line.get("response")
    if isinstance(answer, dict) and exchange.verb == "GET":
        made.aggregates.extend(answer.get("aggregates", ()))
    stage.plant("resource_provider", id, made)


def places(name: str) -> dict[tuple[str, str], Callable[[Staging], None]]:
    """The operations on one provider, whose variable has this name."""
    ends = ("", "/aggregates", "/inventories", "/inventories/{resource_class}", "/traits", "/usages", "/allocations")
    return {
        (verb, f"/resource_providers/{{{name}}}{end}"): provider for verb in ("GET", "PUT", "DELETE") for end in ends
    }


PREPARE = places("uuid")
