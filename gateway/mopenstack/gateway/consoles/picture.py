"""The picture on the screen of a server: which server this is and how it does, and the end of its console's log."""

from __future__ import annotations

from mopenstack.gateway.consoles import text
from mopenstack.gateway.consoles.login import Login
from mopenstack.gateway.consoles.text import GLYPH_HEIGHT, Line, Span, line
from mopenstack.gateway.consoles.watch import Watch

HEIGHT_LINES = 42
HEIGHT = HEIGHT_LINES * GLYPH_HEIGHT
_ADDRESS_LINES = 4
_LABEL = 12
_INKS = {"ACTIVE": text.GREEN, "ERROR": text.RED, "SHUTOFF": text.DIM}
_BIG = 2
_NAME = text.COLUMNS // _BIG - 20


def picture(watch: Watch, login: Login) -> list[Line]:
    """Lines of HEIGHT pixels together."""
    head = _head(watch)
    left = (HEIGHT - sum(part.height for part in head)) // GLYPH_HEIGHT
    log = [*watch.lines[:-1], (watch.lines[-1] if watch.lines else "") + login.said] if login.prompt else watch.lines
    shown = [piece for kept in log[-left:] for one in kept.split("\n") for piece in text.wrapped(one)][-left:]
    if login.prompt and shown:
        shown[-1] += "_"
    return [*head, *(line(one) for one in shown), *[line()] * (left - len(shown))]


def _head(watch: Watch) -> list[Line]:
    screen = watch.screen
    name, status = screen.name, screen.status
    if len(name) > _NAME:
        name = name[: _NAME - 3] + "..."
    title = Span(f" {name}".ljust(_NAME + 2), text.WHITE)
    rows = [
        ("id", screen.server_id),
        ("state", f"{status}, {screen.task}" if screen.task else status),
        ("image", screen.image or "none"),
        ("flavor", screen.flavor),
        ("project", screen.project),
        ("host", f"{screen.host} ({screen.instance_name})"),
        ("booted", watch.booted or "never"),
    ]
    addresses = list(screen.addresses) or ["none"]
    if len(addresses) > _ADDRESS_LINES:
        addresses[_ADDRESS_LINES - 1 :] = [f"and {len(addresses) - _ADDRESS_LINES + 1} networks more"]
    rows += [("addresses" if place == 0 else "", found) for place, found in enumerate(addresses)]
    ink = _INKS.get(status, text.AMBER)
    return [
        line(paper=text.PANEL),
        line(title, Span(status, ink), paper=text.PANEL, scale=_BIG),
        line(paper=text.PANEL),
        *(_row(label, value, ink if label == "state" else text.TEXT) for label, value in rows),
        line(paper=text.PANEL),
        line(),
    ]


def _row(label: str, value: str, ink: int) -> Line:
    return line(Span(f"  {label}".ljust(_LABEL + 2), text.LABEL), Span(value, ink), paper=text.PANEL)
