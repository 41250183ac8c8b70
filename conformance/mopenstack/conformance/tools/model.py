"""What every tool can be asked."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from mopenstack.conformance.errors import ConformanceError, ToolMissing

Progress = Callable[[str], None]


class ToolStatus(BaseModel):
    """What is known about a tool on this machine."""

    name: str
    description: str
    found: bool
    version: str = Field(default="", description="As the tool itself says, empty when missing.")
    path: Path | None = Field(default=None, description="What is run: an executable, or the folder of a mirror.")
    origin: str = Field(default="", description="Where it comes from: PATH, registry, filesystem mirror, Go module...")
    missing: str = Field(default="", description="What is missing and what to do about it.")


class Tool(BaseModel, ABC):
    """A tool that the suite runs."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str

    @abstractmethod
    def find(self) -> ToolStatus:
        """Look, change nothing, need no network."""

    @abstractmethod
    def install(self, progress: Progress) -> ToolStatus:
        """Find the tool or make it. Fails with a ConformanceError that says what was tried."""

    def describe(self) -> str:
        """One line for a person."""
        status = self.find()
        if not status.found:
            return f"{self.name}: missing: {status.missing}"
        return f"{self.name} {status.version} ({status.origin}): {status.path}"

    def require(self) -> ToolStatus:
        """The tool's status, or ToolMissing with what to do."""
        status = self.find()
        if not status.found:
            raise ToolMissing(f"{self.name} is missing: {status.missing}")
        return status

    def _on_path(
        self, executables: tuple[str, ...], variable: str, version: Callable[[str], str], how: str
    ) -> ToolStatus:
        """The first of these programs that is on PATH, or the one that the variable names.

        `version` asks the program at a path; `how` tells what to do where there is none.
        """
        named = os.environ.get(variable)
        for candidate in (named,) if named else executables:
            path = shutil.which(candidate)
            if path is None:
                continue
            try:
                said = version(path)
            except (ConformanceError, ValueError) as error:
                return self._missing(f"{path} does not tell its version: {error}")
            return self._found(said, Path(path), "PATH" if not named else variable)
        return self._missing(how)

    def _missing(self, why: str) -> ToolStatus:
        return ToolStatus(name=self.name, description=self.description, found=False, missing=why)

    def _found(self, version: str, path: Path, origin: str) -> ToolStatus:
        return ToolStatus(
            name=self.name, description=self.description, found=True, version=version, path=path, origin=origin
        )
