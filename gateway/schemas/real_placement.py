"""Placement itself, with a database in memory that holds one resource provider, ANY_ID."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import jsonschema
import webob
from oslo_config import cfg
from oslo_policy import opts as policy_opts
from placement import conf, deploy, handler, util
from real_services import ANY_ID, Request, Service, answer, holder

NEWEST = 39


class _Seen(Exception):  # ends a request that was made to see a schema
    pass


def service() -> Service:
    """Placement, ready to be asked."""
    config = cfg.ConfigOpts()
    conf.register_opts(config)
    policy_opts.set_defaults(config)
    config.set_default("connection", "sqlite://", group="placement_database")
    config([], project="placement", default_config_files=[])
    config.set_override("auth_strategy", "noauth2", group="api")
    config.set_override("sync_on_startup", True, group="placement_database")
    app = deploy.loadapp(config)

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        headers = {
            "OpenStack-API-Version": f"placement 1.{version}",
            "x-auth-token": "admin",
            "Accept": "application/json",
        }
        sent = {} if verb == "GET" else {"body": json.dumps(body).encode(), "content_type": "application/json"}
        return answer(app, webob.Request.blank(path, method=verb, headers=headers, **sent))

    ask("POST", "/resource_providers", {"name": "any", "uuid": ANY_ID}, str(NEWEST))

    holds = holder(jsonschema.Draft202012Validator({}, format_checker=util._FORMAT_CHECKER))

    def query_holds(schema: dict[str, Any], value: Any) -> bool:
        return holds(schema, {key: texts[-1] for key, texts in value.items()})

    return Service("placement", "placement", NEWEST, ask, lambda: requests(ask), holds, query_holds)


def requests(ask: Any) -> Iterator[Request]:
    """Each route is asked at each microversion, to see against which schema the request is held."""
    seen: list[Any] = []

    def see(request_or_body: Any, schema: Any) -> Any:
        seen.append(schema)
        raise _Seen

    with mock.patch.object(util, "extract_json", see), mock.patch.object(util, "validate_query_params", see):
        for path, methods in handler.ROUTE_DECLARATIONS.items():
            for verb in sorted(methods.keys() & {"GET", "POST", "PUT"}):  # what deletes would delete
                found: list[tuple[Any, int, int]] = []
                for version in range(NEWEST + 1):
                    seen.clear()
                    ask(verb, path.replace("{uuid}", ANY_ID).replace("{name}", "CUSTOM_A"), {}, str(version))
                    if not seen:
                        continue
                    if found and found[-1][0] == seen[0] and found[-1][2] == version - 1:
                        found[-1] = (seen[0], found[-1][1], version)
                    else:
                        found.append((seen[0], version, version))
                for schema, since, until in found:
                    if schema:
                        yield Request(verb, path or "/", "", since, until, verb == "GET", schema)
