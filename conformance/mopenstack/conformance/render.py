"""A scorecard for people (terminal, Markdown) and for CI (JUnit)."""

import xml.etree.ElementTree as ET
from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table

from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.scorecard import Entry, Scorecard

OUTCOMES = ("passed", "failed", "skipped", "not run")
COLUMNS = ("service", *OUTCOMES, "served", "driven", "asserted", "negative", "drift-free")
LEGEND = (
    "served: the cloud has what the case needs; driven: the tool ran it to a verdict; asserted: every check held; "
    "negative: refused with the documented status and message; drift-free: the plan after the apply was empty."
)


def _cells(entry: Entry) -> tuple[str, ...]:
    counts = entry.outcomes
    failed = str(counts.failed) + (f" ({entry.known_failing} known)" if entry.known_failing else "")
    tallies = (entry.served, entry.driven, entry.asserted, entry.negative, entry.drift_free)
    return (entry.service, str(counts.passed), failed, str(counts.skipped), str(counts.not_run), *map(str, tallies))


def to_terminal(card: Scorecard, console: Console, *, verbose: bool = False) -> None:
    """The table, what failed, and how to run it again."""
    versions = ", ".join(f"{tool.name} {tool.version}" for tool in card.tools)
    title = f"{card.tool} on {card.cloud} ({versions})"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "service" else "right")
    for entry in card.entries:
        good = entry.asserted.count + entry.known_failing == entry.asserted.of
        table.add_row(*_cells(entry), style=None if good else "red")
    console.print(table)
    for failure in card.failures:
        if failure.outcome is Outcome.FAILED and (verbose or not failure.known):
            mark = "known failure" if failure.known else "FAILED"
            console.print(
                f"{mark} {failure.case}: {failure.reason}",
                style=None if failure.known else "red",
                markup=False,
                soft_wrap=True,
            )
            console.print(f"  reproduce: {failure.reproduce}", markup=False, highlight=False, soft_wrap=True)
    for reason, count in sorted(Counter(one.reason for one in card.failures if one.outcome is Outcome.NOT_RUN).items()):
        console.print(f"not run ({count}): {reason}", markup=False, highlight=False, soft_wrap=True)
    for error in card.ratchet_errors:
        console.print(f"ratchet: {error}", style="red", markup=False, soft_wrap=True)
    if card.newly_passing:
        console.print(f"{len(card.newly_passing)} passing cases are not listed yet: add them with --update-ratchet")
    if card.answers:
        for violation in card.answers.violations:
            console.print(f"not as published: {violation}", style="red", markup=False, soft_wrap=True)
        console.print(card.answers.line(), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{card.summary.line()} in {card.seconds:g} s", markup=False, highlight=False, soft_wrap=True)


def to_markdown(card: Scorecard) -> str:
    """A page that can be committed or shown by a CI."""
    versions = ", ".join(f"{tool.name} {tool.version} ({tool.origin})" for tool in card.tools)
    lines = [
        f"# Scorecard: {card.tool} on {card.cloud}",
        "",
        f"{versions}; {card.created:%Y-%m-%d %H:%M} UTC; {card.seconds:g} s.",
        "",
        f"**{card.summary.line()}.** {LEGEND[0].upper()}{LEGEND[1:]}",
        "",
        "| " + " | ".join((*COLUMNS, "reproduce")) + " |",
        "|---|" + "---:|" * (len(COLUMNS) - 1) + "---|",
    ]
    lines += ["| " + " | ".join((*_cells(entry), f"`{entry.reproduce}`")) + " |" for entry in card.entries]
    for title, shown in (
        ("Failed", [one for one in card.failures if one.outcome is Outcome.FAILED and not one.known]),
        ("Known failures", [one for one in card.failures if one.outcome is Outcome.FAILED and one.known]),
        ("Not run", [one for one in card.failures if one.outcome is Outcome.NOT_RUN]),
    ):
        if shown:
            lines += ["", f"## {title}", "", "| case | reason | reproduce |", "|---|---|---|"]
            lines += [f"| {one.case} | {_cell(one.reason)} | `{one.reproduce}` |" for one in shown]
    if card.answers:
        lines += ["", "## Answers", "", f"{card.answers.line()}.", ""]
        lines += [f"- {violation}" for violation in card.answers.violations]
    if card.ratchet_errors:
        lines += ["", "## Ratchet", "", *(f"- {error}" for error in card.ratchet_errors)]
    return "\n".join(lines) + "\n"


def to_junit(card: Scorecard, results: list[Result]) -> str:
    """JUnit XML: a suite a service, a case a case; a known failure counts as skipped."""
    suites = ET.Element("testsuites", name=f"{card.tool} on {card.cloud}")
    for service in sorted({result.service for result in results}):
        cases = [result for result in results if result.service == service]
        failed = [one for one in cases if one.outcome is Outcome.FAILED and not one.known]
        passed = [one for one in cases if one.outcome is Outcome.PASSED]
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=service,
            tests=str(len(cases)),
            failures=str(len(failed)),
            skipped=str(len(cases) - len(failed) - len(passed)),
            time=f"{sum(one.seconds for one in cases):.2f}",
        )
        for one in cases:
            case = ET.SubElement(
                suite, "testcase", classname=f"{card.tool}.{service}", name=one.case, time=f"{one.seconds:.2f}"
            )
            if one in failed:
                failure = ET.SubElement(case, "failure", message=_printable(one.reason))
                failure.text = _printable(f"{one.output}\nreproduce: {one.reproduce}")
            elif one not in passed:
                ET.SubElement(case, "skipped", message=_printable(one.reason or one.outcome.value))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """XML takes no control characters."""
    return "".join(char for char in text if char >= " " or char in "\t\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
