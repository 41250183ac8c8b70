"""Nova's own API, asked without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import nova.conf
import oslo_messaging
import oslo_messaging.conffixture
from nova import context, objects, rpc
from nova.api.openstack import FaultWrapper, wsgi
from nova.api.openstack.compute import routes
from nova.api.validation.validators import _SchemaValidator
from real_services import PROJECT, Request, Service, answer, holder

NEWEST = 103


def service() -> Service:
    """Nova, ready to be asked."""
    nova.conf.CONF([], project="nova", default_config_files=[])
    objects.register_all()
    oslo_messaging.conffixture.ConfFixture(nova.conf.CONF).transport_url = "fake:/"
    rpc.init(nova.conf.CONF)
    app = FaultWrapper(routes.APIRouterV21())
    caller = context.RequestContext("u", PROJECT, is_admin=True, roles=["admin", "member", "reader"])
    caller.service_catalog = []

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        request = wsgi.Request.blank(
            path.removeprefix("/v2.1"),
            method=verb,
            headers={"OpenStack-API-Version": f"compute 2.{version}"},
            **({} if body is None else {"body": json.dumps(body).encode(), "content_type": "application/json"}),
        )
        request.environ["nova.context"] = caller
        return answer(app, request)

    validator = _SchemaValidator({}).validator
    return Service("compute", "compute", NEWEST, ask, requests, holder(validator))


def requests() -> Iterator[Request]:
    for path, methods in routes.ROUTE_LIST:
        if isinstance(methods, str):
            continue  # a redirect
        if path.startswith("/os-volumes_boot"):
            continue  # /servers under an old name, which no API reference has
        for verb, (factory, name) in methods.items():
            main, extras = factory.args
            if name != "action":
                yield from _of_method(verb, f"/v2.1{path}", "", getattr(main, name))
                continue
            for controller in (main, *extras):
                for action, method in (controller.wsgi_actions or {}).items():
                    yield from _of_method(verb, f"/v2.1{path}", action, getattr(controller, method))


def _of_method(verb: str, path: str, action: str, method: Any) -> Iterator[Request]:
    for attribute, query in (("request_body_schemas", False), ("request_query_schemas", True)):
        for schema, lowest, highest in getattr(getattr(method, attribute, None), "_schemas", ()):
            # What holds from 2.0 on is seen at 2.1 and later here: 2.0 is the API of old.
            since = lowest.ver_minor if lowest and not lowest.is_null() else 1
            until = highest.ver_minor if highest and not highest.is_null() else NEWEST
            yield Request(verb, path, action, max(1, since), int(min(until, NEWEST)), query, schema)
