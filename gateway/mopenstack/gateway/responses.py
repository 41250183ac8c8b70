"""Answers as HTTP, and what is said of operations that are documented and not served."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from mopenstack.contract.calls import ByteStream, RequestContext
from mopenstack.contract.faults import NotServed
from mopenstack.gateway.bodies import send, waits
from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.surface import Surface

RETRY_AFTER_SECONDS = "1"


def http_response(
    request: web.BaseRequest, surface: Surface, answer: Answer, versions: Mapping[str, str], request_id: str
) -> web.Response:
    """An answer as HTTP."""
    told = versions if answer.of_version else {}
    headers = {**answer.headers, **told, **dict.fromkeys(surface.dialect.request_id_headers, request_id)}
    says_type = answer.says_type
    if says_type:
        headers["Content-Type"] = answer.content_type
    if answer.status == 503:
        headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    response = web.Response(
        status=answer.status, body=b"" if request.method == "HEAD" else answer.body, headers=headers
    )
    if not says_type:
        response.headers.popall("Content-Type", None)
    if waits(request):
        response.force_close()  # whether the body comes after all cannot be told
    return response


async def byte_response(
    request: web.BaseRequest,
    surface: Surface,
    stream: ByteStream,
    status: int,
    versions: Mapping[str, str],
    request_id: str,
) -> web.StreamResponse:
    """Write bytes as the answer."""
    stream.headers.update({**versions, **dict.fromkeys(surface.dialect.request_id_headers, request_id)})
    return await send(request, stream, status)


def operation_not_served(context: RequestContext, title: str, action: str = "") -> NotServed:
    """The refusal that names what OpenStack documents and mopenstack does not serve."""
    what = f"{context.verb} {context.path}" + (f" {action}" if action else "")
    return NotServed(f"mopenstack does not serve this operation yet: {title} ({what}).")


def first_segment(path: str) -> tuple[str, str]:
    end = path.find("/", 1)
    return (path, "") if end < 0 else (path[:end], path[end:])
