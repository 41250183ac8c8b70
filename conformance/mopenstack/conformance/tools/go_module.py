"""Programs and tests that are compiled from a released Go module.

The module and all below it are pinned with checksums by the `go.mod` and `go.sum` of a folder beside this file.
"""

import hashlib
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mopenstack.conformance.errors import ToolMissing
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.process import clean_environment, run

BUILD_SECONDS = 1800
PINS = ("go.mod", "go.sum")
COMPILED = ("-trimpath", "-gcflags=all=-dwarf=false")
"""Of every program and test: what has the same is compiled once. Nothing here is looked at by a debugger."""
COLLECTED = {"GOGC": "400"}
"""The compiler collects its garbage less often than by default: a quarter less work, for some hundred MB more."""


class GoBuild:
    """A scratch folder in which Go sees the pinned module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def go(self, *arguments: str | Path, static: bool = False, what: str = "", parts: int = 0) -> str:
        """What a command of Go said; `static` makes it link without C libraries; `what` and `parts` are run's."""
        go = shutil.which("go")
        if go is None:
            raise ToolMissing("Go is not on PATH")
        # The checksums are in go.sum, so that nothing has to be looked up; the module's own go line needs no toolchain.
        environment = clean_environment(GOWORK="off", **COLLECTED, **({"CGO_ENABLED": "0"} if static else {}))
        name = what or f"go {arguments[0]}"
        command = [go, *arguments]
        return run(command, cwd=self.folder, env=environment, seconds=BUILD_SECONDS, what=name, parts=parts)

    def build(self, package: str, binary: Path, flags: Sequence[str] = ()) -> None:
        """Compile a program without C libraries, as those of releases are."""
        needed = self.go("list", "-deps", package, static=True, what="getting the Go modules").split()
        arguments: list[str | Path] = ["build", "-v", *COMPILED, *flags, "-o", binary, package]
        self.go(*arguments, static=True, what="compiling packages", parts=len(needed))

    def compile_tests(self, package: str, binary: Path, flags: Sequence[str] = ()) -> None:
        """Compile the tests of a package, with what has been compiled for its program."""
        self.go("test", "-c", *COMPILED, *flags, "-o", binary, package, static=True)

    def copy_source(self, package: str, folder: Path, flags: Sequence[str] = ()) -> None:
        """The package's source, with all below it, anew in `folder`: the working directory that its tests expect."""
        source = self.go("list", *flags, "-f", "{{.Dir}}", package).strip()
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(source, folder, copy_function=shutil.copyfile)
        # Go's module cache is read-only, and a copy of it could not be removed.
        for path in (folder, *(entry for entry in folder.rglob("*") if entry.is_dir())):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


@contextmanager
def go_build(pins: str) -> Iterator[GoBuild]:
    """A build with the pins of the folder of this name."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in PINS:
            shutil.copyfile(package_file("tools", pins, name), Path(scratch) / name)
        yield GoBuild(Path(scratch))


def digest(pins: str) -> str:
    """Changes with the pins."""
    files = [package_file("tools", pins, name).read_bytes() for name in PINS]
    return hashlib.sha256(b"".join(files)).hexdigest()
