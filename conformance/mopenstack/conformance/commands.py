"""The two command groups of the suite; the command line mounts them as `tools` and `conformance`."""

import json
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from mopenstack.conformance import runners
from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.coverage import coverage
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.page import to_html
from mopenstack.conformance.process import listening
from mopenstack.conformance.ratchet import Ratchet
from mopenstack.conformance.render import to_junit, to_markdown, to_terminal
from mopenstack.conformance.scorecard import Scorecard, ToolVersion, build
from mopenstack.conformance.tools import TOOLS, ToolStatus, get_tool

tools_app = typer.Typer(no_args_is_help=True, help="Find or make the tools that judge a cloud.")
conformance_app = typer.Typer(no_args_is_help=True, help="Run real tools against a cloud and score it.")

PIPED_WIDTH = 140
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _fail(error: Exception) -> typer.Exit:
    Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(2)


def _console() -> Console:
    """As wide as the terminal; wide enough for every table where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


def _show_tools(statuses: list[ToolStatus], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([status.model_dump(mode="json") for status in statuses], indent=2))
        return
    table = Table("tool", "version", "from", Column("path", overflow="fold"))
    for status in statuses:
        found = [status.version, status.origin, str(status.path)]
        table.add_row(status.name, *(found if status.found else ["missing", "", status.missing]))
    _console().print(table)


@tools_app.command("list")
def list_tools(as_json: JsonFlag = False) -> None:
    """Say which tools are there and what is missing."""
    _show_tools([tool.find() for tool in TOOLS.values()], as_json)


@tools_app.command("install")
def install_tools(
    names: Annotated[list[str] | None, typer.Argument(help="Tools to install; all when none is named.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Find or make tools; each Python tool gets a virtual environment of its own."""
    talk = Console(stderr=True)
    tell = partial(talk.print, markup=False, highlight=False, soft_wrap=True)
    statuses, failed = [], False
    try:
        tools = [get_tool(name) for name in names or TOOLS]
    except ConformanceError as error:
        raise _fail(error) from error
    for tool in tools:
        try:
            with talk.status(f"{tool.name} ..."), listening(tell):
                statuses.append(tool.install(tell))
        except ConformanceError as error:
            failed = True
            missing = tool.find().model_copy(update={"missing": str(error)})
            statuses.append(missing)
    _show_tools(statuses, as_json)
    if failed:
        raise typer.Exit(1)


@conformance_app.command("list")
def list_cases(
    tool: Annotated[str, typer.Option(help="Whose cases.")] = "terraform",
    as_json: JsonFlag = False,
) -> None:
    """List the cases of a tool."""
    try:
        cases = runners.cases(tool)
    except ConformanceError as error:
        raise _fail(error) from error
    if as_json:
        typer.echo(json.dumps([case.model_dump() for case in cases], indent=2))
        return
    table = Table("case", "service", "about")
    for case in cases:
        table.add_row(case.name, case.service, case.about)
    _console().print(table)


@conformance_app.command("run")
def run_conformance(
    names: Annotated[list[str] | None, typer.Argument(help="Cases by name; all when none is named.")] = None,
    tool: Annotated[str, typer.Option(help=f"One of {', '.join(runners.RUNNERS)}.")] = "terraform",
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    tree: Annotated[str | None, typer.Option(help="Only this tree of scenarios.")] = None,
    cloud: Annotated[str | None, typer.Option(help="An entry of clouds.yaml instead of fresh clouds.")] = None,
    admin_cloud: Annotated[str | None, typer.Option(help="The entry of that cloud's administrator.")] = None,
    workers: Annotated[int, typer.Option("-n", "--workers", min=1, help="Cases side by side, a cloud each.")] = 2,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds that one case may take.")] = 180,
    as_json: JsonFlag = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the scorecard as Markdown to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the scorecard as an HTML page to this file.")] = None,
    check_kept: Annotated[
        bool, typer.Option("--check-kept", help="The clouds compare each answer that was kept with a fresh one.")
    ] = False,
    update_ratchet: Annotated[bool, typer.Option(help="Add cases that newly pass to the list.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each case's steps, and known failures.")
    ] = False,
) -> None:
    """Run a tool's cases and print the scorecard. Exit status 1: something failed that is not a known failure."""
    options = Options(
        names=names or [],
        service=service,
        tree=tree,
        cloud=cloud,
        admin_cloud=admin_cloud,
        workers=workers,
        time_limit=time_limit,
        verbose=verbose,
        answers=AnswerLog(check_kept=check_kept),
    )
    try:
        card, results = _score(tool, options, update_ratchet)
    except ConformanceError as error:
        raise _fail(error) from error
    if junit:
        junit.write_text(to_junit(card, results))
    if markdown:
        markdown.write_text(to_markdown(card))
    if html:
        html.write_text(to_html([card]))
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
    else:
        to_terminal(card, _console(), verbose=verbose)
    if not card.good:
        raise typer.Exit(1)


@conformance_app.command("page")
def make_page(
    cards: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Scorecards, as run --json prints.")],
    html: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("conformance.html"),
    never_driven: Annotated[
        Path | None, typer.Option(help="Write the operations that no tool has driven to this file.")
    ] = None,
) -> None:
    """Show the scorecards of several tools as one HTML page, with the operations that they have driven."""
    try:
        read = [Scorecard.model_validate_json(path.read_bytes()) for path in cards]
    except ValueError as error:
        raise _fail(error) from error
    html.write_text(to_html(read))
    if never_driven:
        idle = [f"{one.service}\t{one.request}" for one in coverage(read) if not one.tools]
        never_driven.write_text("\n".join(["service\trequest", *idle]) + "\n")
    typer.echo(f"{html}: {', '.join(card.tool for card in read)}")


def _score(tool: str, options: Options, update_ratchet: bool) -> tuple[Scorecard, list[Result]]:
    """Run, hold against the ratchet, score."""
    if find_spec("pytest") is None or find_spec("tftest") is None:
        raise ConformanceError("the suite is not installed: pip install 'mopenstack[conformance]'")
    ratchet = Ratchet.load(tool)
    all_cases = [case.name for case in runners.cases(tool)]
    ratchet.check(all_cases)
    started = time.monotonic()
    with _Watch(tool, options, len(all_cases)) as watching, listening(watching.options.on_doing):
        raw = runners.run(tool, watching.options)
    judgement = ratchet.judge(raw)
    versions = [
        ToolVersion(name=status.name, version=status.version, origin=status.origin)
        for status in (get_tool(name).require() for name in runners.RUNNERS[tool].tools)
    ]
    card = build(
        tool,
        judgement.results,
        tools=versions,
        cloud=options.cloud or "mopenstack",
        seconds=time.monotonic() - started,
    )
    newly = judgement.new if runners.RUNNERS[tool].listed else []
    if update_ratchet and newly:
        ratchet.grow(newly)
        newly = []
    update = {"ratchet_errors": judgement.errors, "newly_passing": newly, "answers": options.answers.total}
    return card.model_copy(update=update), judgement.results


class _Watch:
    """Shows each verdict as it comes: a bar on a terminal, a line each when piped."""

    def __init__(self, tool: str, options: Options, most: int) -> None:
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        total = len(options.names) if options.names else None if options.service or options.tree else most
        self._task = self._progress.add_task(tool, total=total)
        told = {"on_result": self._show} | ({"on_doing": self._say} if options.verbose else {})
        self.options = options.model_copy(update=told)

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)

    def _show(self, result: Result) -> None:
        self._progress.advance(self._task)
        why = "" if result.outcome is Outcome.PASSED else f": {result.reason}"
        for step in result.steps if self.options.verbose else ():
            self._console.print(f"  {step}", markup=False, highlight=False, soft_wrap=True)
        if result.outcome is not Outcome.NOT_RUN:
            text = f"{result.outcome.value:8} {result.case} {result.seconds:.1f} s{why}"
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> "_Watch":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
