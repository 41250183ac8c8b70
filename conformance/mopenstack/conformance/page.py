"""Scorecards as one HTML page that needs nothing else: to be opened from a disk, sent, or put behind any server."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from mopenstack.conformance.coverage import Covered, coverage
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.render import LEGEND
from mopenstack.conformance.scorecard import Entry, Failure, Scorecard, Tally

TALLIES = ("served", "driven", "asserted", "negative", "drift-free")


def to_html(cards: list[Scorecard]) -> str:
    """The page of one or several scorecards."""
    style = package_file("data", "page.css").read_text()
    covered = coverage(cards)
    title = "Conformance: " + ", ".join(card.tool for card in cards)
    body = [*_summary(cards)]
    for card in cards:
        body += _card(card)
    if covered:
        body += _coverage(cards, covered)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n" + "\n".join(body) + "\n</main>\n</body>\n</html>\n"
    )


def _summary(cards: list[Scorecard]) -> Iterator[str]:
    yield "<h1>Conformance</h1>"
    clouds = ", ".join(sorted({card.cloud for card in cards}))
    newest = max(card.created for card in cards)
    yield f"<p>{escape(clouds)}, {newest:%Y-%m-%d %H:%M} UTC. {escape(LEGEND[0].upper() + LEGEND[1:])}</p>"
    yield '<ul class="tools">'
    for card in cards:
        state = "good" if card.good else "bad"
        yield (
            f'<li class="{state}"><a href="#{_anchor(card.tool)}">{escape(card.tool)}</a>'
            f"<b>{card.summary.passed}</b> passed<span>{escape(_rest(card))}</span></li>"
        )
    yield "</ul>"


def _rest(card: Scorecard) -> str:
    known = sum(failure.known for failure in card.failures)
    failed = f"{card.summary.failed} failed" + (f" ({known} known)" if known else "")
    return f"{failed}, {card.summary.skipped} skipped, {card.summary.not_run} not run"


def _card(card: Scorecard) -> Iterator[str]:
    versions = ", ".join(f"{tool.name} {tool.version}" for tool in card.tools)
    yield f'<section id="{_anchor(card.tool)}"><h2>{escape(card.tool)}</h2>'
    yield f"<p>{escape(versions)}; {escape(card.summary.line())} in {card.seconds:g} s.</p>"
    yield '<div class="wide"><table><thead><tr><th>service</th><th>passed</th><th>failed</th>'
    yield "".join(f"<th>{word}</th>" for word in TALLIES) + "</tr></thead><tbody>"
    for entry in card.entries:
        yield _row(entry)
    yield "</tbody></table></div>"
    yield f"<p>Reproduce: <code>mopenstack conformance run --tool {escape(card.tool)} --service SERVICE</code></p>"
    if card.answers:
        yield f"<p>{escape(card.answers.line())}.</p>"
        yield from _folded("Not as published", [escape(one) for one in card.answers.violations])
        unread = [
            f"<code>{escape(operation)}</code>: {escape(', '.join(paths))}"
            for operation, paths in card.answers.unread.items()
        ]
        yield from _folded("Keys that the tool sent and nothing reads", unread)
    for heading, outcome, known in (
        ("Failed", Outcome.FAILED, False),
        ("Known failures", Outcome.FAILED, True),
        ("Not run", Outcome.NOT_RUN, False),
    ):
        shown = [one for one in card.failures if one.outcome is outcome and one.known is known]
        yield from _folded(heading, [_failure(one) for one in shown])
    yield from _folded("Ratchet", [escape(error) for error in card.ratchet_errors])
    yield "</section>"


def _row(entry: Entry) -> str:
    counts = entry.outcomes
    failed = str(counts.failed) + (f" ({entry.known_failing} known)" if entry.known_failing else "")
    tallies = (entry.served, entry.driven, entry.asserted, entry.negative, entry.drift_free)
    cells = "".join(_tally(tally) for tally in tallies)
    return (
        f'<tr title="{escape(entry.reproduce)}"><th>{escape(entry.service)}</th><td>{counts.passed}</td>'
        f"<td>{failed}</td>{cells}</tr>"
    )


def _tally(tally: Tally, state: str = "") -> str:
    """A count with a bar; coloured by how much of all it is, unless `state` says that no share is better."""
    if not tally.of:
        return '<td class="none">-</td>'
    share = tally.count / tally.of
    state = state or ("all" if tally.count == tally.of else "most" if share >= 0.9 else "some")
    return f'<td class="{state}">{tally.count}/{tally.of}<i style="width:{share:.0%}"></i></td>'


def _failure(one: Failure) -> str:
    return f"<b>{escape(one.case)}</b> {escape(one.reason)}<br><code>{escape(one.reproduce)}</code>"


def _folded(heading: str, items: list[str]) -> Iterator[str]:
    if items:
        yield f"<details><summary>{escape(heading)} ({len(items)})</summary><ul>"
        yield from (f"<li>{item}</li>" for item in items)
        yield "</ul></details>"


def _coverage(cards: list[Scorecard], covered: list[Covered]) -> Iterator[str]:
    tools = [card.tool for card in cards if card.answers]
    yield '<section id="coverage"><h2>Operations</h2>'
    yield "<p>How many of the declared operations a tool got an answer of success from.</p>"
    yield '<div class="wide"><table><thead><tr><th>service</th><th>declared</th>'
    yield "".join(f"<th>{escape(tool)}</th>" for tool in tools) + "<th>any</th></tr></thead><tbody>"
    idle: list[str] = []
    for service, group in groupby(covered, key=lambda one: one.service):
        rows = list(group)
        counts = [sum(tool in one.tools for one in rows) for tool in tools]
        cells = "".join(_tally(Tally(count=count, of=len(rows)), "share") for count in counts)
        driven = Tally(count=sum(bool(one.tools) for one in rows), of=len(rows))
        yield f"<tr><th>{escape(service)}</th><td>{len(rows)}</td>{cells}{_tally(driven, 'share')}</tr>"
        idle += [f"{escape(service)} <code>{escape(one.request)}</code>" for one in rows if not one.tools]
    yield "</tbody></table></div>"
    yield from _folded("Never driven", idle)
    yield "</section>"


def _anchor(text: str) -> str:
    return text.replace(" ", "-").lower()
