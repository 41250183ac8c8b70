"""A Skyline that is served, the sessions of two users, and a browser."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from chromium_options import OPTIONS  # of the driver, which has imported it
from selenium import webdriver

SECONDS = 120
URL = os.environ.get("MOPENSTACK_SKYLINE", "")
API = f"{URL}/api/openstack/skyline/api/v1"
# The console's own request of its page of sign-in: since 7.0 this page has no domain to choose, as its API does not
# list domains to those who have not signed in.
SIGN_IN = """
const [path, account, done] = arguments;
localStorage.setItem("lang", "en");
fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(account)})
  .then(answer => done(answer.status), error => done(String(error)));
"""


@pytest.fixture(scope="session")
def accounts() -> dict[str, dict[str, str]]:
    """Of `demo` and `admin` what Skyline's API takes at its sign-in."""
    found: dict[str, dict[str, str]] = json.loads(os.environ["MOPENSTACK_SKYLINE_ACCOUNTS"])
    return found


@pytest.fixture
def signed_in(accounts: dict[str, dict[str, str]]) -> Iterator[Callable[[str], tuple[requests.Session, Any]]]:
    """A session of a user with Skyline's API, and the profile that it answered with."""
    with requests.Session() as session:

        def sign_in(user: str) -> tuple[requests.Session, Any]:
            answer = session.post(f"{API}/login", json=accounts[user], timeout=SECONDS)
            assert answer.status_code == 200, answer.text
            session.headers["X-Auth-Token"] = answer.json()["keystone_token"]
            return session, answer.json()

        yield sign_in


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """One for all tests; cookies are of a test."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ["MOPENSTACK_CHROMIUM"]
    for option in (*OPTIONS, f"--user-data-dir={tempfile.mkdtemp(dir=os.getcwd())}"):
        options.add_argument(option)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(os.environ["MOPENSTACK_CHROMEDRIVER"]))
    browser.set_script_timeout(SECONDS)
    browser.implicitly_wait(SECONDS)
    yield browser
    browser.quit()


@pytest.fixture
def console(
    chromium: webdriver.Chrome, accounts: dict[str, dict[str, str]]
) -> Iterator[Callable[[str], webdriver.Chrome]]:
    """The console, signed in as a user."""

    def sign_in(user: str) -> webdriver.Chrome:
        chromium.get(f"{URL}/auth/login")
        chromium.find_element("id", "normal_login_username")
        path = API.removeprefix(URL)
        assert chromium.execute_async_script(SIGN_IN, f"{path}/login", accounts[user]) == 200
        return chromium

    yield sign_in
    chromium.delete_all_cookies()
