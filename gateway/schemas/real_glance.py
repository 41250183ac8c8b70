"""Glance's own API, asked without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
from glance import context
from glance.api.v2 import (
    images,
    metadef_namespaces,
    metadef_objects,
    metadef_properties,
    metadef_resource_types,
    metadef_tags,
    router,
    tasks,
)
from glance.common import config, wsgi
from oslo_config import cfg
from oslo_db import options
from real_services import PROJECT, Request, Service, answer, holder

SPACES = "/v2/metadefs/namespaces"


def service() -> Service:
    """Glance, ready to be asked."""
    config.parse_args(args=[], default_config_files=[])
    options.set_defaults(cfg.CONF, connection="sqlite://")
    app = router.API(wsgi.APIMapper())
    caller = context.RequestContext(user_id="u", project_id=PROJECT, is_admin=True, roles=["admin", "member", "reader"])

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        request = wsgi.Request.blank(
            path.removeprefix("/v2"), method=verb, body=json.dumps(body).encode(), content_type="application/json"
        )
        request.accept = "application/json"
        request.context = caller
        return answer(app, request)

    return Service("image", "image", 0, ask, requests, holder(jsonschema.Draft202012Validator({})))


def requests() -> Iterator[Request]:
    def row(verb: str, path: str, schema: Any) -> Request:
        return Request(verb, path, "", 0, 0, False, schema.raw())

    yield row("POST", "/v2/images", images.get_schema())
    yield row("POST", "/v2/tasks", tasks.get_task_schema())
    yield row("POST", SPACES, metadef_namespaces.get_schema())
    yield row("PUT", f"{SPACES}/{{name}}", metadef_namespaces.get_schema())
    words = {"objects": metadef_objects, "properties": metadef_properties}
    for word, module in words.items():
        yield row("POST", f"{SPACES}/{{name}}/{word}", module.get_schema())
        yield row("PUT", f"{SPACES}/{{name}}/{word}/{{one}}", module.get_schema())
    yield row("PUT", f"{SPACES}/{{name}}/tags/{{one}}", metadef_tags.get_schema())
    yield row("POST", f"{SPACES}/{{name}}/tags", metadef_tags.get_schema_for_list())
    yield row("POST", f"{SPACES}/{{name}}/resource_types", metadef_resource_types.get_schema())
