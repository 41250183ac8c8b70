"""Refusals of services that leave them to webob: HTML, JSON or plain text, as the request's Accept has it.

Sources: webob.exc.WSGIHTTPException.generate_response, webob.acceptparse. A client that takes anything gets HTML; one
without an Accept header gets plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from mopenstack.gateway.dialects.answer import Answer

HTML, JSON = "text/html", "application/json"
BREAK = "<br /><br />\n"
OPEN_ENDED = frozenset({405, 406, 415})
"""Statuses whose texts say all themselves: nothing follows the detail."""
TITLES = {413: "Request Entity Too Large", 416: "Request Range Not Satisfiable"}
"""webob's names of statuses, where they are not Python's."""
EXPLANATIONS: Mapping[int, str] = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    406: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    408: "The server has waited too long for the request to be sent by the client.",
    409: "There was a conflict when trying to complete your request.",
    410: "This resource is no longer available. No forwarding address is given.",
    411: "Content-Length header required.",
    412: "Request precondition failed.",
    413: "The body of your request was too large for this server.",
    414: "The request URI was too long for this server.",
    415: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    416: "The Range requested is not available.",
    422: "Unable to process the contained instructions",
    423: "The resource is locked",
    429: "The client has sent too many requests in a given amount of time",
    500: "The server has either erred or is incapable of performing the requested operation.",
    501: "The server has either erred or is incapable of performing the requested operation.",
    502: "Bad gateway.",
    503: "The server is currently unavailable. Please try again at a later time.",
    504: "The gateway has timed out.",
    507: "There was not enough space to save the resource",
}
"""webob's sentences, of its classes of exceptions."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_RANGE = re.compile(rf"({_WORD}/{_WORD})((?:\s*;\s*{_WORD}(?:=(?:{_WORD}|{_QUOTED}))?)*)")
_PARAMETER = re.compile(rf";\s*({_WORD})(?:=({_WORD}|{_QUOTED}))?")
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_PARTS = re.compile(rf"(?:{_QUOTED}|[^,\"])+")

_MARKUP = re.compile(r"<.*?>", re.DOTALL)
_LINE = re.compile(r"<br.*?>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--|-->")


def title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def answer(
    accept: str, status: int, explanation: str, detail: str = "", *, document: Callable[[str], Any] | None = None
) -> Answer:
    """A refusal; `document` makes its JSON out of the text, where it is not webob's own."""
    line = f"{status} {title(status)}"
    kinds = acceptable(accept, (HTML, JSON))
    if not kinds:
        body = f"{line}\n\n{without_markup(_text(status, explanation, detail))}"
        return Answer(status, body.encode(), content_type="text/plain; charset=UTF-8")
    if kinds[0] == JSON:
        text = _text(status, explanation, detail)
        own = {"message": text, "code": line, "title": title(status)}
        return Answer.json(status, own if document is None else document(text))
    text = _text(status, _escaped(explanation), _escaped(detail))
    page = (
        f"<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n  <h1>{line}</h1>\n  {text}\n </body>\n</html>"
    )
    return Answer(status, page.encode(), content_type="text/html; charset=UTF-8")


def without_markup(text: str) -> str:
    """The text as webob.exc.strip_tags leaves it."""
    text = _LINE.sub("\n", text.replace("\n", " ").replace("\r", ""))
    return _MARKUP.sub("", _COMMENT.sub("", text))


@lru_cache(maxsize=256)
def acceptable(accept: str, offers: Sequence[str]) -> tuple[str, ...]:
    """The offers that an Accept header takes, the most wanted first; all where it cannot be read."""
    ranges = _ranges(accept)
    if ranges is None:
        return tuple(offers)
    weighed = [(weight, offer) for offer in offers if (weight := _weight(offer, ranges)) > 0]
    return tuple(offer for _, offer in sorted(weighed, key=lambda item: -item[0]))


def _text(status: int, explanation: str, detail: str) -> str:
    return f"{explanation}{BREAK}{detail}" + ("" if status in OPEN_ENDED else "\n\n")


def _escaped(text: str) -> str:
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode()


def _ranges(accept: str) -> list[tuple[str, bool, float]] | None:
    """(type, whether it has parameters, weight) of each media range; None for a header that is none."""
    found = []
    for part in _PARTS.findall(accept):
        if not part.strip():
            continue
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            return None
        weight, parameters = 1.0, False
        for name, value in _PARAMETER.findall(match[2]):
            if name.lower() != "q":
                parameters = True
                continue
            if _WEIGHT.fullmatch(value) is None:
                return None
            weight = float(value)
            break  # what follows extends the header, not the type
        found.append((match[1].lower(), parameters, weight))
    return found


def _weight(offer: str, ranges: list[tuple[str, bool, float]]) -> float:
    """How much an offer is wanted: the closest range counts, the first of equal ones."""
    family, closest, weight = offer.partition("/")[0] + "/*", 0, 0.0
    for name, parameters, wanted in ranges:
        close = {"*/*": 1, family: 2}.get(name, 3 if name == offer and not parameters else 0)
        if close > closest:
            closest, weight = close, wanted
    return weight
