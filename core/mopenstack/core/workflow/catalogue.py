"""The actions that are there for everybody: Mistral's own, and those that the services of this cloud do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mopenstack.core.workflow.language import actions


class Catalogue:
    """Name -> what the API shows of an action."""

    def names(self) -> Iterable[str]:
        return [*actions.standard(), *actions.openstack()]

    def has(self, name: str) -> bool:
        return name in actions.standard() or name in actions.openstack()

    def of(self, name: str) -> Mapping[str, Any]:
        return actions.standard().get(name) or actions.openstack()[name]


CATALOGUE = Catalogue()
