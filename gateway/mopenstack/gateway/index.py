"""What a client finds at the root of the one port: the APIs, where they are, and the clouds.

JSON, or a page for browsers. The clouds are told to clients of this machine only, as the admin API's they are.
"""

from __future__ import annotations

import html
from typing import Any

import orjson
from google.protobuf.message import Message

from mopenstack.contract.addresses import cloud_path
from mopenstack.contract.calls import Core, Page, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation

_CLOUDS = "mopenstack.admin.v1.Admin.ListClouds"

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>mopenstack</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:50rem;padding:0 1rem}}
td,th{{padding:.2rem 1rem .2rem 0;text-align:left}}code{{font-size:.9em}}</style></head>
<body><h1>mopenstack</h1><p>A mock OpenStack cloud. Auth URL: <code>{auth}</code></p>
<table><tr><th>API</th><th>service</th><th>address</th><th>microversions</th></tr>{apis}</table>{clouds}</body></html>
"""


async def index(core: Core, contract: Contract, context: RequestContext, accept: str) -> tuple[bytes, str] | None:
    """(the answer's body, its content type); None for a cloud that is not there."""
    base = context.cloud_url
    document: dict[str, Any] = {
        "name": "mopenstack",
        "auth_url": contract.auth_url(base),
        "apis": [
            {
                "type": api.type,
                "name": api.name,
                "url": f"{base}{api.prefix}/",
                "min_version": api.microversion_min,
                "version": api.microversion_max,
            }
            for api in contract.apis.values()
            if api.type
        ],
    }
    clouds = await _clouds(core, contract.by_name[_CLOUDS], context)
    if clouds is not None:
        if context.cloud and context.cloud not in clouds:
            return None
        root = base.removesuffix(cloud_path(context.cloud))
        document["clouds"] = [
            {"name": name, "auth_url": contract.auth_url(f"{root}{cloud_path(name)}")} for name in sorted(clouds)
        ]
    if "text/html" in accept:
        return _page(document).encode(), "text/html"
    return orjson.dumps(document), "application/json"


async def _clouds(core: Core, operation: Operation, context: RequestContext) -> list[str] | None:
    """The names of all clouds; None for a client that may not know."""
    request: Message = operation.request()
    try:
        result = (await core.call(operation, request, context)).result
    except Fault:
        return None
    found: Any = result.items if isinstance(result, Page) else getattr(result, "clouds", ())
    return [cloud.name for cloud in found]


def _page(document: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{_text(api['type'])}</td><td>{_text(api['name'])}</td><td>{_link(api['url'])}</td>"
        f"<td>{_text(' – '.join(filter(None, (api['min_version'], api['version']))))}</td></tr>"
        for api in document["apis"]
    )
    clouds = "".join(f"<li>{_text(one['name'])}: {_link(one['auth_url'])}</li>" for one in document.get("clouds", ()))
    shown = f"<h2>Clouds</h2><ul>{clouds}</ul>" if clouds else ""
    return _PAGE.format(auth=_text(document["auth_url"]), apis=rows, clouds=shown)


def _text(value: str) -> str:
    return html.escape(value)


def _link(url: str) -> str:
    return f'<a href="{html.escape(url)}"><code>{html.escape(url)}</code></a>'
