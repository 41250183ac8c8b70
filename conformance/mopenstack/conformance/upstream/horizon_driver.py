"""Runs Horizon's Selenium tests as pytest_driver.py does, with a dashboard that is served for as long as this runs.

The tests would start Firefox in a virtual display: they get Chromium without one, in which nothing moves and messages
stay (data/horizon/still.js). What they write goes into the folder that this runs in.
"""

import atexit
import configparser
import contextlib
import functools
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import pytest_driver  # these stand beside this file, not in the environment
from chromium_options import HEIGHT, OPTIONS, WIDTH

sys.path.pop(0)  # horizon.py stands there too

START_SECONDS = 300
STILL = Path(__file__).parents[1] / "data" / "horizon" / "still.js"
"""Is run at the start of each page."""
OK = 200
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SERVER = ("--workers", "1", "--threads", "8", "--timeout", "300", "--no-control-socket", "--access-logfile", "-")
"""Sessions and messages are in the memory of one process."""


class Browser:
    """The two fixtures of a browser are ours."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> None:
        ours = {"driver": chromium, "xdisplay": no_display}.get(fixturedef.argname)
        if ours is not None:
            fixturedef.func = ours

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """A test removes the folder of downloads, which Firefox makes anew."""
        if fixturedef.argname == "download_dir":
            Path(_browser().TEMPDIR).mkdir(exist_ok=True)


def no_display() -> Iterator[tuple[str, int, int]]:
    """A headless browser needs none."""
    yield "", WIDTH, HEIGHT


def chromium(config: Any, xdisplay: Any) -> Iterator[Any]:
    """The browser as the tests' own fixture sets one up, at the start of each module as if it were new.

    It stays for the next one: what the dashboard's pages load is in its cache then.
    """
    browser = _browser()
    browser.set_window_size(WIDTH, HEIGHT)
    browser.implicitly_wait(config.selenium.implicit_wait)
    browser.set_page_load_timeout(config.selenium.page_timeout)
    yield browser
    browser.delete_all_cookies()
    first, *others = browser.window_handles
    for window in others:
        browser.switch_to.window(window)
        browser.close()
    browser.switch_to.window(first)


@functools.cache
def _browser() -> Any:
    from selenium import webdriver

    downloads = tempfile.mkdtemp(dir=os.getcwd())
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ["MOPENSTACK_CHROMIUM"]
    for option in (*OPTIONS, f"--user-data-dir={tempfile.mkdtemp(dir=os.getcwd())}"):
        options.add_argument(option)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(os.environ["MOPENSTACK_CHROMEDRIVER"]))
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": downloads})
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": STILL.read_text()})
    browser.TEMPDIR = downloads
    atexit.register(browser.quit)
    return browser


@contextlib.contextmanager
def dashboard() -> Iterator[None]:
    """Horizon by gunicorn; its address is put into the tests' configuration."""
    path = os.environ["HORIZON_INTEGRATION_TESTS_CONFIG_FILE"]
    told = configparser.ConfigParser(interpolation=None)
    told.read(path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        told["dashboard"]["dashboard_url"] = url
        with open(path, "w") as file:
            told.write(file)
        words = ["--bind", f"fd://{listening.fileno()}", *SERVER, "openstack_dashboard.wsgi:application"]
        with open("dashboard.log", "a") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-W", "ignore", "-m", "gunicorn", *words],
                pass_fds=[listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
    try:
        for user in ("", "admin_"):
            sign_in(url, told["identity"][f"{user}username"], told["identity"][f"{user}password"])
        yield
    finally:
        process.terminate()
        process.wait()


def sign_in(url: str, user: str, password: str) -> None:
    """Sign in without a browser: the first page of a process takes as long as a test may wait for an element.

    A user who is not let in is the end of the run. The socket listens from the start: an answer is late, not refused.
    """
    import requests

    with requests.Session() as session:
        page = session.get(url + "/auth/login/", timeout=START_SECONDS)
        form = {"username": user, "password": password, "region": "0", "auth_type": "credentials"}
        form |= dict(_HIDDEN.findall(page.text))
        said = session.post(page.url, data=form, headers={"Referer": page.url}, timeout=START_SECONDS)
        if said.status_code != OK or "/auth/login/" in said.url:
            sys.exit(f"Horizon does not let {user} sign in: {said.status_code} {said.url}\n{said.text}")


if __name__ == "__main__":
    with dashboard() if sys.argv[1] == "run" else contextlib.nullcontext():
        pytest_driver.main(Browser())
