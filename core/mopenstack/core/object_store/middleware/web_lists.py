"""The pages on which static web sites list their objects. Source: swift.common.middleware.staticweb, _listing."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import quote

from mopenstack.core.object_store.listing import Entry

_STYLE = (
    '  <style type="text/css">\n'
    "   h1 {font-size: 1em; font-weight: bold;}\n"
    "   th {text-align: left; padding: 0px 1em 0px 1em;}\n"
    "   td {padding: 0px 1em 0px 1em;}\n"
    "   a {text-decoration: none;}\n"
    "  </style>\n"
)
_UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def disabled(label: str, css: str, index: str) -> str:
    """The page of a site that does not list its objects."""
    style = (
        '  <style type="text/css">\n   h1 {font-size: 1em; font-weight: bold;}\n   p {font-size: 2}\n  </style>\n'
        if not css
        else f'  <link rel="stylesheet" type="text/css" href="{css}" />\n'
    )
    text = (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>Listing of {html.escape(label)}</title>\n{style}"
        "</head>\n<body>  <h1>Web Listing Disabled</h1>   <p>The owner of this web site has disabled web listing."
        "   <p>If you are the owner of this web site, you can enable   web listing by setting "
        "X-Container-Meta-Web-Listings.</p>"
    )
    if index:
        text += (
            "<h1>Index File Not Found</h1> <p>The owner of this web site has set  "
            f"<b>X-Container-Meta-Web-Index: {index}</b>.  However, this file is not found.</p>"
        )
    return text + " </body>\n</html>\n"


def page(label: str, prefix: str, found: Sequence[Entry], css: str, query: str, *, has_parent: bool) -> str:
    """The page with what is directly below a prefix."""
    style = f'  <link rel="stylesheet" type="text/css" href="{css}" />\n' if css else _STYLE
    title = html.escape(label)
    head = (
        f"<!DOCTYPE html>\n<html>\n <head>\n  <title>Listing of {title}</title>\n{style} </head>\n <body>\n"
        f'  <h1 id="title">Listing of {title}</h1>\n  <table id="listing">\n   <tr id="heading">\n'
        '    <th class="colname">Name</th>\n    <th class="colsize">Size</th>\n    <th class="coldate">Date</th>\n'
        "   </tr>\n"
    )
    rows = [head]
    if has_parent:
        rows.append(_row("parent", f"../{query}", "../"))
    for entry in found:
        if "subdir" in entry:
            name = entry["subdir"][len(prefix) :]
            rows.append(_row("item subdir", f"./{_quoted(name)}{query}", html.escape(name)))
    for entry in found:
        if "name" in entry:
            name = entry["name"][len(prefix) :]
            kinds = " ".join(f"type-{html.escape(kind.lower())}" for kind in entry["content_type"].split("/"))
            date = html.escape(entry["last_modified"]).split(".")[0].replace("T", " ")
            size = readable(entry["bytes"])
            rows.append(_row(f"item {kinds}", f"./{_quoted(name)}{query}", html.escape(name), size, date))
    rows.append("  </table>\n </body>\n</html>\n")
    return "".join(rows)


def _row(
    kind: str, link: str, name: str, size: str = "&nbsp;", date: str = "&nbsp;", *, identified: bool = False
) -> str:
    head = f'   <tr id="{kind}" class="item">\n' if identified else f'   <tr class="{kind}">\n'
    return (
        f'{head}    <td class="colname"><a href="{link}">{name}</a></td>\n    <td class="colsize">{size}</td>\n'
        f'    <td class="coldate">{date}</td>\n   </tr>\n'
    )


def _quoted(name: str) -> str:
    return quote(name).replace(".", "%2E")


def readable(size: int) -> str:
    """3Mi (swift.common.utils.human_readable)."""
    value, place = float(size), 0
    while value >= 1024 and place < len(_UNITS) - 1:
        value /= 1024
        place += 1
    return f"{round(value)}{_UNITS[place]}"
