"""A resource type whose schemas are those that Heat publishes."""

from __future__ import annotations

from typing import Any

from mopenstack.core.orchestration.resource_types import published
from mopenstack.core.orchestration.resource_types.base import ResourceFailure, ResourceType


class Described(ResourceType):
    """A type of the published list, by its name."""

    def __init__(self, name: str) -> None:
        line = published.published(name)
        self.name = name
        self.properties = published.properties(name)
        self.attributes = published.attributes(name)
        self.update_policy = published.update_policy(name)
        self.support = published.support(name)
        self.description = line["description"]
        self.class_name = line["class"]
        self.aliases = [(tuple(new), tuple(old)) for new, old, rule in line["words"] if rule == "REPLACE"]
        self.client = line["client"]
        self.admin = line["admin"]

    @property
    def limit(self) -> int:
        """How long a physical name may be."""
        return int(published.published(self.name)["name_limit"])


def invalid(text: str) -> ResourceFailure:
    """A refusal of a template by what a type says of it."""
    return ResourceFailure(text, "StackValidationFailed")


def whole(value: Any, default: int = 0) -> int:
    """A number of the properties, which may be null."""
    return default if value is None else int(value)
