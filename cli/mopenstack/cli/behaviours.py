"""`mopenstack behaviour`: how the resources of a cloud go from state to state."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from mopenstack.cli import client
from mopenstack.cli.output import fail, say

app = typer.Typer(help="How the resources of a cloud go from state to state.", no_args_is_help=True)

Cloud = Annotated[str, typer.Option(help="Name of the cloud.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Kind = Annotated[str, typer.Argument(help="A kind of resource: server, volume ... (`behaviour kinds`).")]


@app.command()
def add(
    kind: Kind,
    transition: Annotated[str, typer.Option(help="Only this one: build, resize ... (`behaviour kinds`).")] = "",
    name: Annotated[str, typer.Option(help="Only resources whose name has this regular expression.")] = "",
    project: Annotated[str, typer.Option(help="Only resources of this project (id or name).")] = "",
    profile: Annotated[str, typer.Option(help="instant, realistic or manual")] = "",
    seconds: Annotated[float | None, typer.Option(min=0, help="What it takes.")] = None,
    uniform: Annotated[str, typer.Option(metavar="LOW:HIGH", help="Seconds between these.")] = "",
    normal: Annotated[str, typer.Option(metavar="MEAN:DEVIATION", help="Seconds around the mean.")] = "",
    exponential: Annotated[float, typer.Option(metavar="MEAN", min=0, help="Seconds with this mean.")] = 0,
    seed: Annotated[int | None, typer.Option(help="The same seconds in every run.")] = None,
    reads: Annotated[int, typer.Option(min=0, help="Done after so many reads of the resource.")] = 0,
    error: Annotated[str, typer.Option(help="It ends in error, with this text.")] = "",
    times: Annotated[int, typer.Option(min=0, help="Only for so many transitions.")] = 0,
    cloud: Cloud = "default",
) -> None:
    """Add a rule for transitions that begin from now on; prints its id. The newest rule decides first."""
    rule = {
        "kind": kind,
        "transition": transition,
        "name": name,
        "project": project,
        "profile": profile,
        "seconds": seconds,
        "distribution": _distribution(uniform, normal, exponential, seed),
        "reads": reads,
        "error": error,
        "times": times,
    }
    given = {key: value for key, value in rule.items() if value not in (None, "") and (value or key == "seconds")}
    say(client.ask("POST", f"{_path(cloud)}/behaviours", {"behaviour": given})["behaviour"]["id"])


@app.command("list")
def list_(cloud: Cloud = "default", as_json: AsJson = False) -> None:
    """The rules of a cloud, oldest first, with how often each has decided."""
    found = client.ask("GET", f"{_path(cloud)}/behaviours")["behaviours"]
    if as_json:
        say(json.dumps(found))
        return
    for rule in found:
        of = [f"{key}={rule[key]}" for key in ("name", "project") if rule[key]]
        said = " ".join([rule["kind"], rule["transition"] or "*", *of, _how(rule)])
        say(f"{rule['id']}  {said}  {rule['hits']} hits")


@app.command()
def rm(
    id: Annotated[str, typer.Argument(help="Id of the rule.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All rules.")] = False,
    cloud: Cloud = "default",
) -> None:
    """Remove a rule, or all; what they decided about goes on as the cloud's profile says."""
    if bool(id) == every:
        raise fail("Name a rule, or say --all.")
    client.ask("DELETE", f"{_path(cloud)}/behaviours" + (f"/{quote(id, safe='')}" if id else ""))


@app.command()
def kinds(as_json: AsJson = False) -> None:
    """The kinds of resources that have transitions, and the states of each."""
    found = client.ask("GET", "/lifecycles")["lifecycles"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        say(one["kind"])
        for row in one["transitions"]:
            say(f"    {row['name']:20} {row['seconds']:>5g} s  {' > '.join(row['states'])}".rstrip())


@app.command()
def transitions(cloud: Cloud = "default", as_json: AsJson = False) -> None:
    """What is under way in a cloud."""
    found = client.ask("GET", f"{_path(cloud)}/transitions")["transitions"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        say(_shown(one))


@app.command()
def complete(
    kind: Kind,
    id: Annotated[str, typer.Argument(help="Id of the resource.")],
    whole: Annotated[bool, typer.Option("--whole", help="To its end, not only into its next state.")] = False,
    cloud: Cloud = "default",
) -> None:
    """Lead a transition into its next state; prints what is under way then."""
    path = f"{_path(cloud)}/resources/{quote(kind, safe='')}/{quote(id, safe='')}/complete"
    left = client.ask("POST", path, {"whole": whole})["transition"]
    say(_shown(left) if left else "done")


def _path(cloud: str) -> str:
    return f"/clouds/{quote(cloud, safe='')}"


def _shown(one: dict[str, Any]) -> str:
    by = f" by {one['behaviour_id']}" if one["behaviour_id"] else ""
    state = f"{one['state'] or '-'}, {one['left']} more, due {one['due'] or '-'}"
    return f"{one['kind']} {one['id']}  {one['name']}: {state}{by}"


def _how(rule: dict[str, Any]) -> str:
    """What a rule says, in the words of `add`."""
    said = [f"{key}={rule[key]}" for key in ("profile", "seconds", "reads", "error", "times") if rule.get(key)]
    if rule.get("distribution"):
        drawn = rule["distribution"]
        said.append(" ".join(f"{key}={value}" for key, value in drawn.items() if value))
    return " ".join(said) or "seconds=0"


def _distribution(uniform: str, normal: str, exponential: float, seed: int | None) -> dict[str, Any] | None:
    """The distribution that the options say; ends the command for two, and for text that is no two numbers."""
    said: list[dict[str, Any]] = []
    for shape, text, names in (("uniform", uniform, ("low", "high")), ("normal", normal, ("mean", "deviation"))):
        if text:
            try:
                first, second = map(float, text.split(":"))
            except ValueError:
                raise fail(f"--{shape} {text}: two numbers with a colon between them") from None
            said.append({"shape": shape, names[0]: first, names[1]: second})
    if exponential:
        said.append({"shape": "exponential", "mean": exponential})
    if len(said) > 1 or (seed is not None and not said):
        raise fail("Of --uniform, --normal and --exponential one can be given, and --seed only with one of them.")
    return None if not said else said[0] | ({} if seed is None else {"seed": seed})
