"""How a replay ended, as a table and as JSON."""

from __future__ import annotations

import json
from typing import Any

from mopenstack.cli.recording.replay import Found, Report

HEADS = ("exchange", "request", "what", "where", "recorded", "here")
WIDTH_MAX = 60


def table_of(report: Report) -> str:
    """The differences, a row each, and what was compared."""
    rows = [HEADS, *(_row(one) for one in report.differing)] if report.differing else []
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))] if rows else []
    shown = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for user, name in sorted(report.stand_ins.items()):
        shown.append(f"{user} is not known here: {name} asked in this user's name")
    for service, count in sorted(report.not_served.items()):
        shown.append(f"{count} exchanges with {service}, which is not served, were left out")
    sooner = f", {report.sooner} are what was said later" if report.sooner else ""
    shown.append(f"{report.exchanges} exchanges: {report.same} as recorded{sooner}, {report.different} differ")
    return "\n".join(shown)


def document_of(report: Report) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "exchanges": report.exchanges,
        "same": report.same,
        "sooner": report.sooner,
        "not_served": report.not_served,
        "stand_ins": report.stand_ins,
        "differences": [
            {
                "exchange": one.number,
                "service": one.line["service"],
                "op": one.line["op"],
                "path": one.line["path"],
                "what": one.difference.kind,
                "where": one.difference.where.lstrip("."),
                "recorded": one.difference.recorded,
                "here": one.difference.ours,
            }
            for one in report.differing
        ],
    }


def _row(found: Found) -> tuple[str, ...]:
    line, difference = found.line, found.difference
    verb, _, template = line["op"].partition(" ")
    request = f"{verb} {line['service']} {template}"
    texts = (difference.recorded, difference.ours)
    recorded, ours = ("-" if one is None else one if isinstance(one, str) else json.dumps(one) for one in texts)
    cells = (request, difference.kind, difference.where.lstrip(".") or "-", recorded, ours)
    return (str(found.number), *(text if len(text) <= WIDTH_MAX else f"{text[: WIDTH_MAX - 1]}…" for text in cells))
