"""Exports Heat's resource types: part of `make schemas`.

Runs in an environment of its own with openstack-heat (`heat.txt`), and writes
core/mopenstack/core/orchestration/resource_types/types.jsonl: a line with the package, then a line a type, in the
order in which Heat lists them:

    {"type": "OS::Nova::KeyPair", "class": "KeyPair", "client": "nova", "extension": null, "admin": false,
     "name_limit": 255, "support_status": {...}, "description": "...", "properties": {...}, "attributes": {...},
     "update_policy": {...},
     "resolves": [[["network"], "neutron", "find_resourceid_by_name_or_id", "network"], ...],
     "words": [[["network"], ["network_id"], "REPLACE"], ...]}

`properties` and `attributes` are as `GET /resource_types/<type>` shows them. What it does not show is beside: a
property with `"hidden": true` or `"unimplemented": true`, an attribute with `"hidden": true`. `admin`: only
administrators may use it. `resolves`: the properties whose value may be a name, with the client and its finder that
make an id of it. `words`: the properties that take the value of an older one.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

OUTPUT = Path(__file__).parents[2] / "core/mopenstack/core/orchestration/resource_types/types.jsonl"


def registry() -> Iterator[tuple[str, Any]]:
    """Name and class of every type that Heat has, those that it hides included."""
    from heat.engine import environment, resources

    for name, info in resources.global_env().registry._registry.items():
        if isinstance(info, environment.ClassResourceInfo):
            yield name, info.get_class_to_instantiate()


def plain(schema: Any) -> dict[str, Any]:
    """A property's schema as the API shows it, with the marks of what the API leaves out, at every depth."""
    from heat.engine import support

    shown: dict[str, Any] = {}
    for key in schema:
        value = schema[key]
        if key == "schema":
            shown[key] = {str(name): plain(one) for name, one in schema.schema.items()}
        elif key == "constraints":
            shown[key] = [{name: constraint[name] for name in constraint} for constraint in value]
        else:
            shown[key] = value
    if schema.support_status.status == support.HIDDEN:
        shown["hidden"] = True
    if not schema.implemented:
        shown["unimplemented"] = True
    return shown


class _Plugin:  # stands for a client plugin while a class tells its translation rules
    def __getattr__(self, name: str) -> str:
        return name.removeprefix("RES_TYPE_").lower()

    def __init__(self, client: str) -> None:
        self.client = client


def translations(cls: Any) -> dict[str, list[Any]]:
    """`resolves`: the properties that Heat translates from a name into an id (path, client, finder and entity);
    `words`: those whose value it takes from another property (path, path of the other, which of ADD and REPLACE)."""
    from heat.engine import properties, translation

    resource = object.__new__(cls)
    resource.properties = properties.Properties(cls.properties_schema, {})
    resource.context = None
    resource.stack = mock.MagicMock()
    resource.client_plugin = lambda name=None: _Plugin(name or cls.default_client_name)
    try:
        rules = resource.translation_rules(resource.properties) or []
    except Exception as error:  # a class whose rules depend on the stack that it is in
        print(f"  no translation rules of {cls.__name__}: {error!r}", file=sys.stderr)
        return {"resolves": [], "words": []}
    kinds = translation.TranslationRule
    return {
        "resolves": [
            [rule.translation_path, rule.client_plugin.client, rule.finder, rule.entity]
            for rule in rules
            if rule.rule == kinds.RESOLVE
        ],
        "words": [
            [rule.translation_path, rule.get_value_absolute_path(True), rule.rule.upper()]
            for rule in rules
            if rule.rule != kinds.RESOLVE
        ],
    }


def described(name: str, cls: Any, admin: set[str]) -> dict[str, Any]:
    from heat.engine import attributes, properties, support

    shown = {key: plain(properties.Schema.from_legacy(one)) for key, one in cls.properties_schema.items()}
    offered: dict[str, Any] = {}
    for key, one in (*cls.attributes_schema.items(), *cls.base_attributes_schema.items()):
        offered[key] = dict(attributes.Schema.from_attribute(one))
        if one.support_status.status == support.HIDDEN:
            offered[key]["hidden"] = True
    return {
        "type": name,
        "class": cls.__name__,
        "client": cls.default_client_name,
        "extension": cls.required_service_extension,
        "admin": name in admin or name.rpartition("::")[0] + "::*" in admin,
        "name_limit": cls.physical_resource_name_limit,
        "support_status": cls.support_status.to_dict(),
        "description": cls.getdoc(),
        "properties": shown,
        "attributes": offered,
        "update_policy": {
            key: plain(properties.Schema.from_legacy(one)) for key, one in cls.update_policy_schema.items()
        },
        **translations(cls),
    }


def main() -> None:
    from heat.policies import resource_types

    admin = {rule.name.partition(":")[2] for rule in resource_types.list_rules()}
    lines = [{"source": f"openstack-heat {importlib.metadata.version('openstack-heat')}"}]
    lines += [described(name, cls, admin) for name, cls in registry()]
    OUTPUT.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines))
    print(f"{OUTPUT.name}: {len(lines) - 1} types, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
