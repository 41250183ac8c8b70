"""Cinder's own API, asked without a database."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import oslo_messaging.conffixture
from cinder import context, objects, rpc
from cinder.common import config
from real_services import PROJECT, Request, Service, answer, holder

NEWEST = 71
_PROJECT = re.compile(r"^/\{project_id:[^}]*\}")


def service() -> Service:
    """Cinder, ready to be asked."""
    objects.register_all()
    config.CONF([], project="cinder", default_config_files=[])
    oslo_messaging.conffixture.ConfFixture(config.CONF).transport_url = "fake:/"
    rpc.init(config.CONF)
    import cinder.db.api  # noqa: F401  # declares the option

    config.CONF.set_override("connection", "sqlite://", group="database")
    # The clients of the other daemons would look for them in the database.
    mock.patch("cinder.rpc.RPCAPI.__init__", return_value=None).start()
    from cinder.api.middleware.fault import FaultWrapper
    from cinder.api.openstack import wsgi
    from cinder.api.v3.router import APIRouter
    from cinder.api.validation.validators import _SchemaValidator

    router = APIRouter()
    app = FaultWrapper(router)
    caller = context.RequestContext("u", PROJECT, is_admin=True, roles=["admin", "member", "reader"])

    def ask(verb: str, path: str, body: Any, version: str) -> tuple[int, Any]:
        request = wsgi.Request.blank(
            path,
            method=verb,
            headers={"OpenStack-API-Version": f"volume 3.{version}"},
            **({} if body is None else {"body": json.dumps(body).encode(), "content_type": "application/json"}),
        )
        request.path_info_pop()
        request.environ["cinder.context"] = caller
        return answer(app, request)

    validator = _SchemaValidator({}).validator
    return Service("volume", "volumev3", NEWEST, ask, lambda: requests(router.map.matchlist), holder(validator))


def requests(routes: list[Any]) -> Iterator[Request]:
    for route in routes:
        path, (verb,) = route.routepath, (route.conditions or {}).get("method") or ("",)
        if not _PROJECT.match(path) or path.endswith(("/new.:(format)", "/edit.:(format)")):
            continue
        path = "/v3/{project}" + _PROJECT.sub("", path).replace(".:(format)", "")
        path = re.sub(r":\(?(\w+)\)?", r"{\1}", path)
        resource, action = route.defaults["controller"], route.defaults["action"]
        if action != "action":
            yield from _of_method(verb, path, "", resource.controller, action)
            continue
        for controller in (resource.controller, *resource.extension_controllers):
            for key, name in getattr(controller, "wsgi_actions", {}).items():
                yield from _of_method(verb, path, key, controller, name)


def _of_method(verb: str, path: str, action: str, controller: Any, name: str) -> Iterator[Request]:
    cls = type(controller)
    versioned = getattr(cls, "versioned_methods", {}).get(name)
    if versioned:
        methods = [(one.func, one.start_version, one.end_version) for one in versioned]
    else:
        methods = [(inspect.getattr_static(cls, name, None), None, None)]
    for function, start, end in methods:
        for schema, lowest, highest in _schemas(function):
            since = max(_minor(start, 0), int(lowest.partition(".")[2] or 0) if lowest else 0)
            until = min(_minor(end, NEWEST), int(highest.partition(".")[2]) if highest else NEWEST, NEWEST)
            if since <= until:
                yield Request(verb, path, action, since, until, False, schema)


def _minor(version: Any, default: int) -> int:
    return int(version.get_string().partition(".")[2]) if version else default


def _schemas(function: Any) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
    while function is not None:
        if inspect.isfunction(function):
            seen = inspect.getclosurevars(function).nonlocals
            if "request_body_schema" in seen:
                yield seen["request_body_schema"], seen["min_version"], seen["max_version"]
        function = getattr(function, "__wrapped__", None)
