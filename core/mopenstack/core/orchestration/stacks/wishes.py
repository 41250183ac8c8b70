"""What a request wants a stack to be made of. Source: heat/api/openstack/v1/stacks.py (InstantiationData)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.orchestration.stacks import arguments
from mopenstack.core.orchestration.templates import environments, parsing
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stacks_pb2 import StackWish


@dataclass(slots=True)
class Wish:
    """A request, read. `template` None: none was given."""

    given: frozenset[str]
    values: dict[str, Any]
    timeout_mins: int | None = None
    tags: list[str] | None = None
    template: dict[str, Any] | None = None
    environment: dict[str, Any] = field(default_factory=environments.empty)
    files: dict[str, str] = field(default_factory=dict)
    environment_files: list[Any] = field(default_factory=list)
    adopted: dict[str, Any] | None = None

    @property
    def name(self) -> Any:
        """Raises BadRequest where there is none."""
        if "stack_name" not in self.given:
            raise refusals.BadRequest(message="No stack name specified")
        return self.values["stack_name"]

    def flag(self, name: str) -> bool:
        return bool(self.values.get(name))


def read(source: StackWish, *, patch: bool = False, is_update: bool = False, named: bool = False) -> Wish:
    """A request's body; raises BadRequest and others, in the order in which Heat looks at it."""
    given = frozenset(names_of(source))
    values = {name: plain(getattr(source, name)) for name in given}
    wish = Wish(given, values)
    wish.timeout_mins = arguments.integer("timeout_mins", values.get("timeout_mins")) or None
    if values.get("tags") is not None:
        wish.tags = arguments.tags(values["tags"])
    if not is_update and "converge" in given:
        raise refusals.BadRequest(message="converge flag only supported in stack update (or update preview) request.")
    if named:
        _ = wish.name
    wish.template = _template(wish, patch=patch)
    wish.environment = _environment(values)
    wish.files = _files(values)
    wish.environment_files = values.get("environment_files") or []
    return wish


def _template(wish: Wish, *, patch: bool) -> dict[str, Any] | None:
    values = wish.values
    if "adopt_stack_data" in wish.given:
        try:
            data = parsing.simple_parse(values["adopt_stack_data"])
            found = data["template"]
        except (ValueError, KeyError, TypeError) as error:
            raise refusals.BadRequest(message=f"Invalid adopt data: {error}") from None
        parsing.check_size(str(found))
        wish.adopted = data
        return _mapping(found)
    source = values.get("template") if "template" in wish.given else None
    if isinstance(source, Mapping):
        parsing.check_size(str(source))
        return _in_order(source)
    if "template" not in wish.given and "template_url" in wish.given:
        url = values["template_url"]
        raise refusals.BadRequest(message=f"Could not retrieve template: {_unreachable(url)}")
    if source is None:
        if patch:
            return None
        raise refusals.BadRequest(message="No template specified")
    try:
        return parsing.parse_template(source)
    except ValueError as error:
        raise refusals.BadRequest(message=f"Template not in valid format: {error}") from None


def _in_order(source: Mapping[str, Any]) -> dict[str, Any]:
    """An object of the request in the order of its keys: what order they came in is not known any more."""
    found: dict[str, Any] = json.loads(json.dumps(source, sort_keys=True))
    return found


def _unreachable(url: Any) -> str:
    """What Heat says of a URL that it cannot read: this cloud fetches nothing."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://", "file://")):
        return "Invalid URL scheme " + (url.partition(":")[0] if isinstance(url, str) and ":" in url else "")
    return f"Failed to retrieve template from {url}"


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise refusals.AttributeError()
    return dict(value)


def _environment(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if values.get("environment") is not None and not values.get("environment_files"):
        try:
            found = dict(parsing.parse_environment(values["environment"]))
        except ValueError as error:
            raise refusals.BadRequest(message=f"Environment not in valid format: {error}") from None
    merged = environments.empty() | found
    parameters = values.get("parameters")
    if parameters is None and "parameters" in values:
        raise refusals.AttributeError()
    if parameters is not None and not isinstance(parameters, Mapping):
        raise refusals.ValueError()
    if not isinstance(merged["parameters"], Mapping):
        raise refusals.AttributeError()
    merged["parameters"] = {**merged["parameters"], **(parameters or {})}
    return merged


def _files(values: Mapping[str, Any]) -> dict[str, str]:
    files = values.get("files") or {}
    if not isinstance(files, Mapping):
        raise refusals.AttributeError()
    return {name: text if isinstance(text, str) else json.dumps(text) for name, text in files.items()}


async def files_of(call: Call, wish: Wish) -> dict[str, str]:
    """The files that are given, and those of the container of the object store that is named."""
    container = wish.values.get("files_container")
    if not container:
        return wish.files
    from mopenstack.core.orchestration.stacks.containers import files_in

    return await files_in(call, str(container), set(wish.files)) | wish.files


def merged(template: Template, wish: Wish, files: Mapping[str, str]) -> dict[str, Any]:
    """The environment of the wish with those of its environment files."""
    environment = wish.environment
    if wish.environment_files:
        environments.merge_files(wish.environment_files, files, environment, all_schemata(template, files))
    return environment


def all_schemata(template: Template, files: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, text in files.items():
        try:
            found.update(Template(parsing.parse_template(text, name)).schemata())
        except (ValueError, refusals.InvalidTemplateVersion, refusals.InvalidSchemaError):
            continue
    return found | template.schemata()
