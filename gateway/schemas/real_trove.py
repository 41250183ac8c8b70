"""Trove's schemas of requests: trove/common/apischema.py, by the routes of trove/common/api.py and its extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator
from real_services import Request, Service
from trove.common import apischema

NEWEST = 0
_INSTANCE = "/v1.0/{}/instances/{}"
_MANAGED = "/v1.0/{}/mgmt"


def service() -> Service:
    """Trove, of which only the schemas are read."""

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        raise NotImplementedError("Trove's schemas are read, it is not asked")

    return Service("database", "database", NEWEST, ask, requests, _holds)


def _holds(schema: dict[str, Any], body: Any) -> bool:
    return bool(Draft4Validator(schema).is_valid(body))


def requests() -> Iterator[Request]:
    """The schema of each request that has one."""
    instance, actions, user = apischema.instance, apischema.instance["action"], apischema.user
    plain: list[tuple[str, str, str, Any]] = [
        ("POST", "/v1.0/{}/instances", "", instance["create"]),
        ("PUT", _INSTANCE, "", instance["update"]),
        ("PATCH", _INSTANCE, "", instance["edit"]),
        ("POST", f"{_INSTANCE}/action", "restart", actions["restart"]),
        ("POST", f"{_INSTANCE}/action", "resize", _either(actions["resize"])),
        ("POST", f"{_INSTANCE}/databases", "", apischema.dbschema["create"]),
        ("POST", f"{_INSTANCE}/users", "", user["create"]),
        ("PUT", f"{_INSTANCE}/users", "", user["update_all"]["users"]),
        ("PUT", f"{_INSTANCE}/users/{{}}", "", user["update"]),
        ("PUT", f"{_INSTANCE}/users/{{}}/databases", "", user["update_all"]["databases"]),
        ("POST", "/v1.0/{}/backups", "", apischema.backup["create"]),
        ("POST", "/v1.0/{}/backup_strategies", "", apischema.backup_strategy["create"]),
        ("POST", "/v1.0/{}/configurations", "", apischema.configuration["create"]),
        ("PUT", "/v1.0/{}/configurations/{}", "", apischema.configuration["update"]),
        ("PATCH", "/v1.0/{}/configurations/{}", "", apischema.configuration["edit"]),
        ("POST", "/v1.0/{}/clusters", "", apischema.cluster["create"]),
        *(("POST", "/v1.0/{}/clusters/{}", name, one) for name, one in apischema.cluster["action"].items()),
        ("POST", "/v1.0/{}/modules", "", apischema.module["create"]),
        ("PUT", "/v1.0/{}/modules/{}", "", apischema.module["update"]),
        *(
            ("POST", f"{_MANAGED}/instances/{{}}/action", name, one)
            for name, one in apischema.mgmt_instance["action"].items()
        ),
        ("POST", f"{_MANAGED}/datastore-versions", "", apischema.mgmt_datastore_version["create"]),
        ("PATCH", f"{_MANAGED}/datastore-versions/{{}}", "", apischema.mgmt_datastore_version["edit"]),
        ("POST", f"{_MANAGED}/datastores/versions/{{}}/parameters", "", apischema.mgmt_configuration["create"]),
        ("PUT", f"{_MANAGED}/datastores/versions/{{}}/parameters/{{}}", "", apischema.mgmt_configuration["update"]),
    ]
    for verb, path, action, schema in plain:
        yield Request(verb, path.replace("/{}", "", 1), action, 0, NEWEST, False, schema)


def _either(resize: dict[str, Any]) -> dict[str, Any]:
    """Trove takes the schema of the first key; together they refuse the same in the same words."""
    asked = {name: resize[name]["properties"]["resize"]["properties"][name] for name in ("volume", "flavorRef")}
    return {
        "type": "object",
        "required": ["resize"],
        "properties": {"resize": {"type": "object", "properties": asked}},
    }
