"""The files of the web page: what a browser gets at the root, and the modules, styles and libraries of it.

They lie in the package's folder `page` and are served as they are. The page asks this origin alone: a strict
Content-Security-Policy forbids the browser everything else.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import cache
from pathlib import Path

from aiohttp import web

HTML = "index.html"
_FOLDER = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".json": "application/json",
}
POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
"""What the page may do."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}


async def file_response(request: web.BaseRequest, name: str) -> web.Response:
    """A file of the page by its path in the folder; 304 where the browser has it, 404 where there is none."""
    if request.method not in ("GET", "HEAD") or name not in await asyncio.to_thread(_names):
        return web.json_response({"title": "Not Found", "status": 404, "detail": "There is no such file."}, status=404)
    body, tag = await asyncio.to_thread(_read, name)
    headers = {**_HEADERS, "ETag": tag}
    if request.headers.get("If-None-Match", "") == tag:
        return web.Response(status=304, headers=headers)
    content_type = _TYPES[Path(name).suffix]
    return web.Response(
        body=b"" if request.method == "HEAD" else body, headers=headers, content_type=content_type, charset="utf-8"
    )


def is_page(response: web.StreamResponse) -> bool:
    """Whether an answer is a file of the page."""
    return response.headers.get("Content-Security-Policy") == POLICY


@cache
def _names() -> frozenset[str]:
    """Every file that is served: those of the folder, and nothing else, whatever a path says."""
    files = (path for path in _FOLDER.rglob("*") if path.is_file() and path.suffix in _TYPES)
    return frozenset(path.relative_to(_FOLDER).as_posix() for path in files)


def _read(name: str) -> tuple[bytes, str]:
    """(the file's bytes, its ETag)."""
    body = (_FOLDER / name).read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
