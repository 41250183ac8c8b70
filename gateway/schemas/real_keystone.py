"""Keystone's own API, asked without a database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import keystone.conf
from keystone.api.validation.validators import _SchemaValidator
from keystone.server.flask import application
from oslo_config import cfg
from oslo_db import options
from real_services import Request, Service, holder

BODIES = ("POST", "PUT", "PATCH", "DELETE")


def service() -> Service:
    """Keystone, ready to be asked."""
    keystone.conf.configure()
    keystone.conf.set_config_defaults()
    cfg.CONF([], project="keystone", default_config_files=[])
    options.set_defaults(cfg.CONF, connection="sqlite://")
    app = application.application_factory()
    client = app.test_client()

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        from keystone.common import authorization, context

        environ = {authorization.AUTH_CONTEXT_ENV: {}, context.REQUEST_CONTEXT_ENV: context.RequestContext()}
        sent = {} if body is None and "?" in path else {"data": json.dumps(body), "content_type": "application/json"}
        found = client.open(path, method=verb, environ_overrides=environ, **sent)
        return found.status_code, found.get_json(silent=True)

    plain = holder(_SchemaValidator({}).validator)

    def holds(schema: dict[str, Any], value: Any) -> bool:
        return plain(schema, value or {})

    def query_holds(schema: dict[str, Any], value: Any) -> bool:
        return holds(schema, {key: texts[0] for key, texts in value.items()})

    return Service("identity", "identity", 0, ask, lambda: requests(app), holds, query_holds)


def requests(app: Any) -> Iterator[Request]:
    inner = app
    while not hasattr(inner, "url_map"):
        inner = next(one for one in vars(inner).values() if hasattr(one, "wsgi_app") or hasattr(one, "url_map"))
    for rule in inner.url_map.iter_rules():
        view = getattr(inner.view_functions[rule.endpoint], "view_class", None)
        for verb in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} & set(rule.methods or ())):
            method = getattr(view, verb.lower(), None)
            for attribute, query in (("_request_body_schema", False), ("_request_query_schema", True)):
                schema = getattr(method, attribute, None)
                if schema and not (query is False and verb == "GET"):
                    yield Request(verb, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), "", 0, 0, query, schema)
