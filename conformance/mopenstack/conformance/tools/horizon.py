"""Horizon: the dashboard with its Selenium tests, its static files collected and compressed, and the browser for it."""

import hashlib
import shutil
import sysconfig
from pathlib import Path

from mopenstack.conformance.paths import package_file
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.browser_tool import BrowserTool


class Horizon(BrowserTool):
    """An environment with the settings of an operator in it. The tests are in the distribution."""

    name: str = "horizon"
    description: str = "the dashboard and its Selenium tests"
    executable: str = "gunicorn"
    distribution: str = "horizon"

    @property
    def settings(self) -> Path:
        """What its operator sets."""
        return package_file("data", "horizon", "local_settings.py")

    @property
    def dashboard(self) -> Path:
        """The folder of the package openstack_dashboard."""
        paths = {"base": str(self.environment), "platbase": str(self.environment)}
        return Path(sysconfig.get_path("purelib", "venv", paths)) / "openstack_dashboard"

    @property
    def selenium_configuration(self) -> Path:
        """The configuration that comes with the tests."""
        return self.dashboard / "test" / "integration_tests" / "horizon.conf"

    def _prepare(self, pip: Path) -> None:
        shutil.copyfile(self.settings, self.dashboard / "local" / "local_settings.py")
        for words in (["collectstatic", "--noinput"], ["compress", "--force"]):
            command = [str(pip.with_name("python")), "-P", "-W", "ignore", "-m", "django", *words, "--verbosity", "0"]
            run(
                [*command, "--settings", "openstack_dashboard.settings"],
                env=clean_environment(),
                cwd=self.environment,
                seconds=600,
                what=f"{words[0]} of Horizon's static files",
            )

    def _digest(self) -> str:
        return hashlib.sha256(self.pins.read_bytes() + self.settings.read_bytes()).hexdigest()
