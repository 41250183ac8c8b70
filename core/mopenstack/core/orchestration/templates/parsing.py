"""Texts of templates and environments. Sources: heat/common/template_format.py, environment_format.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mopenstack.orchestration.v1 import refusals

TEMPLATE_MAX = 524_288
"""heat.conf, max_template_size."""
NODES_MAX = 200_000
"""Values of a text once its aliases are followed; Heat knows no limit."""
SECTIONS = (
    "parameters", "resource_registry", "parameter_defaults", "encrypted_param_names", "event_sinks",
    "parameter_merge_strategies",
)  # fmt: skip


def check_size(text: str) -> None:
    """Refuse a template that is too long."""
    if len(text) > TEMPLATE_MAX:
        raise refusals.RequestLimitExceeded(
            message=f"Template size ({len(text)} bytes) exceeds maximum allowed size ({TEMPLATE_MAX} bytes)."
        )


def simple_parse(text: str, url: str = "[root stack]") -> dict[str, Any]:
    """The mapping of a text in JSON or YAML; raises ValueError."""
    try:
        found: Any = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = _yaml(text, f"Error parsing template {url} ")
    if not isinstance(found, dict):
        raise ValueError("The template is not a JSON object or YAML mapping.")
    return found


def parse_template(text: Any, url: str = "[root stack]") -> dict[str, Any]:
    """The same of a template, which says its version; raises ValueError."""
    check_size(str(text))
    if not isinstance(text, str):
        raise ValueError("The template is not a JSON object or YAML mapping.")
    found = simple_parse(text, url)
    if not found.keys() & {"HeatTemplateFormatVersion", "heat_template_version", "AWSTemplateFormatVersion"}:
        raise ValueError("Template format version not found.")
    return found


def parse_environment(text: Any) -> dict[str, Any]:
    """The sections of an environment's text, or of the object itself; raises ValueError."""
    if text is None:
        return {}
    found = _yaml(text, "") if isinstance(text, str) else text
    if not isinstance(found, dict):
        raise ValueError("The environment is not a valid YAML mapping data type.")
    for section, value in found.items():
        if section not in SECTIONS:
            raise ValueError(f'environment has wrong section "{section}"')
        if value is None:
            raise ValueError(f'environment has empty section "{section}"')
    return found


def _yaml(text: str, before: str) -> Any:
    """A YAML document, dates as texts; an empty one is an empty mapping."""
    import yaml

    try:
        found = yaml.load(text, Loader=_loader())  # noqa: S506  # derived from the safe loader
        return {} if found is None else _expanded(found)
    except yaml.YAMLError:
        pass
    except RecursionError:
        raise ValueError(f"{before}The document is nested too deeply.") from None
    try:
        yaml.load(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{before}{error}") from None
    raise ValueError("The template is not a JSON object or YAML mapping.")


def _expanded(value: Any) -> Any:
    """The document without aliases: each value is its own. Raises ValueError for one that would be too large."""
    left = NODES_MAX

    def copied(one: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > 200:
            raise ValueError("The document has too many values.")
        if isinstance(one, dict):
            return {_key(key): copied(item, depth + 1) for key, item in one.items()}
        if isinstance(one, list | tuple | set):
            return [copied(item, depth + 1) for item in one]
        if isinstance(one, bytes):
            return one.decode("latin-1")
        return one

    return copied(value, 0)


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, bool | float | tuple | bytes) or key is None else key


_LOADER: list[Any] = []


def _loader() -> Any:
    if not _LOADER:
        import yaml

        class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
            """Texts and dates are texts."""

        for tag in ("str", "timestamp"):
            Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_scalar)
        _LOADER.append(Loader)
    return _LOADER[0]


def as_text(value: Mapping[str, Any]) -> str:
    """How a document is stored."""
    return json.dumps(value, separators=(",", ":"))


def of_text(text: str) -> dict[str, Any]:
    """A stored document; empty for none."""
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
