"""A project of a user's own, outside of the tree: files, and pytest run on them as the user would."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

RUN_SECONDS_MAX = 300
SETTINGS = "[pytest]\nfilterwarnings =\n    error\n    ignore::PendingDeprecationWarning\n"
"""The SDK announces of itself what it will do without."""


@dataclass(frozen=True, slots=True)
class Project:
    folder: Path

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def pytest(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One run; `environment` are variables beside those of this process."""
        self.write("pytest.ini", SETTINGS)
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_SECONDS_MAX,
        )

    def environment(self, **changes: str) -> dict[str, str]:
        """Without a trace of the tests that these are part of."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "OS_"))}
        return {**kept, **changes}


# pytest-asyncio, which a project need not have, warns where it is not configured.
COMMAND = (
    sys.executable,
    "-m",
    "pytest",
    "--tb=short",
    "-p",
    "no:asyncio",
    "-p",
    "no:schemathesis",
    "-p",
    "no:cacheprovider",
)
