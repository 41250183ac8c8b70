"""The links of a built site: each leads to a file that is there, and to an anchor that the file has."""

from __future__ import annotations

import posixpath
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LINKS = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src", "iframe": "src"}
_FETCHED = {"link", "img", "script", "source", "iframe"}
_NO_PAGE = ("mailto:", "data:", "javascript:")


class _Page(HTMLParser):
    """The links and anchors of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: set[tuple[str, str]] = set()
        """(tag, target)"""
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)
            elif value and name == _LINKS.get(tag):
                self.links.add((tag, value))


def broken(site: Path) -> list[str]:
    """`page: link: what is wrong with it` of every broken link. Nothing is asked of other hosts.

    A link to another host is broken where it is no address, or where the browser fetches it by itself.
    """
    pages: dict[str, _Page] = {}
    for file in sorted(site.rglob("*.html")):
        page = pages[file.relative_to(site).as_posix()] = _Page()
        page.feed(file.read_text())
    return [
        f"{name}: {target}: {wrong}"
        for name, page in pages.items()
        for tag, target in sorted(page.links)
        if (wrong := _wrong(name, tag, target, pages, site))
    ]


def _wrong(name: str, tag: str, target: str, pages: dict[str, _Page], site: Path) -> str:
    if target.startswith(_NO_PAGE):
        return ""
    try:
        parts = urlsplit(target)
        parts.port  # noqa: B018  # raises ValueError
    except ValueError as error:
        return str(error)
    if parts.scheme or parts.netloc:
        if tag in _FETCHED:
            return "fetched from another host"
        return "" if parts.scheme in ("http", "https") and parts.hostname and " " not in target else "no address"
    if parts.path.startswith("/"):
        return "" if name == "404.html" else "absolute: the site would not work below a folder"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
    file = site / path
    if file.is_dir():
        path, file = posixpath.join(path, "index.html"), file / "index.html"
    if path.startswith("..") or not file.is_file():
        return "there is no such file"
    known = pages.get(path)
    if parts.fragment and known is not None and unquote(parts.fragment) not in known.anchors:
        return "there is no such anchor"
    return ""
