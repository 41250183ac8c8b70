"""Files held against the schemas that check-jsonschema ships."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def valid(schema: str, path: Path) -> None:
    """Fail where a file is not as one of its schemas demands: `vendor.compose-spec`, `vendor.github-actions` ..."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
