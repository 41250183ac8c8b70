"""Generate the stubs of the contract for other languages: `make clients`.

    python clients/generate.py [go|typescript ...] [--services NAME,NAME]

They are written beside the files that are ours in clients/go and clients/typescript, whose versions of compilers and
libraries are pinned there, and are not kept in the repository; each folder can be published as it is then. With
`--services` only those APIs are generated, and what they need. Go and Node are looked for on PATH; Node, where it is
missing, is made by `mopenstack tools install node`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "proto"
CLIENTS = ROOT / "clients"
MODULE = "mopenstack.dev/go"
_ALWAYS = ("contract",)
_ERRORS = ("google/rpc/error_details.proto", "google/rpc/status.proto")
"""What refusals are made of, for the languages that have them from no library."""
_TS_OPTIONS = (
    "outputServices=grpc-js,esModuleInterop=true,forceLong=bigint,useDate=false,env=node,outputJsonMethods=false"
)


class Missing(Exception):
    """What the generation needs and does not find, and what to do about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """1, with a line that says why, where a program is missing or fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"{' or '.join(LANGUAGES)}; none: all")
    parser.add_argument("--services", default="", help="comma separated; empty: all")
    parser.add_argument("--into", type=Path, default=CLIENTS, help="the folder that has those of the languages")
    given = parser.parse_args(arguments)
    unknown = set(given.languages).difference(LANGUAGES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(LANGUAGES)}")
    try:
        files = sources([name for name in given.services.split(",") if name])
        for language in given.languages or LANGUAGES:
            print(f"clients: {language}: {len(files)} files of the contract", flush=True)
            LANGUAGES[language](files, given.into / language)
    except (Missing, subprocess.CalledProcessError) as failed:
        print(f"clients: {failed}", file=sys.stderr)
        return 1
    return 0


def sources(services: Sequence[str] = ()) -> list[str]:
    """The .proto files of these services, or of all, and of what they import, in order. Raises Missing."""
    every = [path.relative_to(PROTO).as_posix() for path in sorted((PROTO / "mopenstack").rglob("*.proto"))]
    chosen = {*services, *_ALWAYS} if services else set()
    known = {name.split("/")[1] for name in every}
    if not chosen <= known:
        raise Missing(f"no service {', '.join(sorted(chosen - known))}; there are {', '.join(sorted(known))}")
    found = {name for name in every if not services or name.split("/")[1] in chosen}
    waiting = list(found)
    while waiting:
        for line in (PROTO / waiting.pop()).read_text().splitlines():
            name = line.removeprefix('import "').removesuffix('";')
            if line.startswith('import "mopenstack/') and name not in found:
                found.add(name)
                waiting.append(name)
    return sorted(found)


def go(files: list[str], folder: Path) -> None:
    """A Go package for each package of the contract, with the plugins that go.mod pins."""
    compiler = _program("go", "Go 1.24 or newer from your distribution or go.dev")
    plugins = []
    for name in ("protoc-gen-go", "protoc-gen-go-grpc"):
        # Builds it, the first time, and says where it is.
        plugins.append(f"--plugin={name}={_run([compiler, 'tool', '-n', name], folder).strip()}")
    _forget(folder, {"example"})
    options = (f"--go_opt=module={MODULE}", f"--go-grpc_opt=module={MODULE}")
    _protoc(files, *plugins, f"--go_out={folder}", f"--go-grpc_out={folder}", *options)


def typescript(files: list[str], folder: Path) -> None:
    """A module for each file of the contract, with the compiler that package.json pins."""
    npm = _npm()
    environment = {**os.environ, "PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    if not (folder / "node_modules" / ".bin" / "protoc-gen-ts_proto").exists():
        words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        _run([str(npm), *words], folder, environment)
    out = folder / "src"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    plugin = folder / "node_modules" / ".bin" / "protoc-gen-ts_proto"
    words = [f"--plugin=protoc-gen-ts_proto={plugin}", f"--ts_proto_out={out}", f"--ts_proto_opt={_TS_OPTIONS}"]
    _protoc([*files, *_ERRORS], *words, environment=environment)


LANGUAGES = {"go": go, "typescript": typescript}


def _npm() -> Path:
    from mopenstack.conformance.tools import get_tool

    status = get_tool("node").find()
    if status.path is None:
        raise Missing(f"node is missing: {status.missing}")
    return status.path.with_name("npm")


def _program(name: str, how: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not on PATH: {how}")
    return found


def _forget(folder: Path, kept: set[str]) -> None:
    """Remove what was generated before."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path)


def _protoc(files: list[str], *words: str, environment: dict[str, str] | None = None) -> None:
    import google.api

    googleapis = Path(next(iter(google.api.__path__))).parents[1]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{googleapis}", *words, *files]
    _run(command, ROOT, environment)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """A command's output; what it complains of is shown as it comes. Raises CalledProcessError."""
    return subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
