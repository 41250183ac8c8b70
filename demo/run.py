"""`make demo`: from a fresh checkout to a real `terraform apply`, telling at every moment what is being done.

It needs Python's standard library alone. What does not depend on each other is done at once: while pip installs
mopenstack, the provider is found or built from its Go module by the same code that `mopenstack tools install` runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from demo.steps import ROOT, Command, Failed, Steps

FIRST = ("pydantic>=2.10", "pyyaml>=6", "rich>=13", "typer>=0.15")
"""What `mopenstack tools` needs of Python's packages (pyproject.toml has them among all others)."""
PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off", "PIP_NO_COMPILE": "1"}
"""What is imported is compiled then; variables hold for the environments in which packages are built, too."""
TOOLS = "from mopenstack.conformance.commands import tools_app; tools_app()"
SCENARIO = "stack-three-tier"


class Demo(Steps):
    """From an empty checkout to the end of a `terraform destroy`."""

    def __init__(self, environment: Path) -> None:
        super().__init__()
        self._environment = environment

    def set_up(self) -> None:
        """An environment with mopenstack and its suite, and the provider, whatever of it is missing."""
        python = self._environment / "bin" / "python"
        installed = self._environment / "bin" / "mopenstack"
        tools: list[str | Path] = [python, "-c", TOOLS, "install", "terraform", "provider"]
        if _newer(installed, ROOT / "pyproject.toml"):
            self.together(Command("terraform and its provider", tools))
            return
        self.say(f"a virtual environment in {self._environment.relative_to(ROOT)}, and in it mopenstack and its suite")
        pip: list[str | Path] = [python, "-m", "pip", "install"]
        self.together(Command("virtual environment", [sys.executable, "-m", "venv", self._environment]))
        self.together(Command("pip, the first packages", [*pip, *FIRST], PIP))
        self.together(
            Command("pip, mopenstack", [*pip, "-e", ".[conformance]"], PIP),
            # Not installed yet, it is imported from the checkout.
            Command("terraform and its provider", tools, {"PYTHONPATH": str(ROOT / "conformance")}),
        )
        installed.touch()

    def run(self) -> int:
        """All of it."""
        self.say("terraform applies a three-tier stack to a mock cloud, plans again (no changes) and destroys it")
        for program in ("terraform", "tofu"):
            if shutil.which(program):
                break
        else:
            if not os.environ.get("MOPENSTACK_TERRAFORM"):
                raise Failed("Neither terraform nor tofu is on PATH, and MOPENSTACK_TERRAFORM names none.")
        self.set_up()
        self.say(f"{SCENARIO}: a cloud of its own, and terraform")
        mopenstack = self._environment / "bin" / "mopenstack"
        words = [str(mopenstack), "conformance", "run", SCENARIO, "--verbose"]
        status = subprocess.run(words, cwd=ROOT, check=False).returncode
        self.say("all of it is done" if status == 0 else f"the scenario failed ({status})")
        return status


def _newer(one: Path, other: Path) -> bool:
    return one.exists() and one.stat().st_mtime >= other.stat().st_mtime


def main() -> int:
    """Exit status 0 where Terraform did all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-demo", help="the virtual environment")
    demo = Demo(parser.parse_args().environment.absolute())
    try:
        return demo.run()
    except Failed as error:
        demo.say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
