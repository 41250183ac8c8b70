"""Skyline's console in a browser."""

from collections.abc import Callable

from selenium import webdriver
from selenium.webdriver.common.by import By

from .conftest import URL

Console = Callable[[str], webdriver.Chrome]


def _shows(browser: webdriver.Chrome, text: str) -> None:
    """Waits for it as long as the browser waits for any element."""
    assert browser.find_element(By.XPATH, f"//*[contains(text(), '{text}')]")


def test_overview_demo(console: Console) -> None:
    """The first page of a user: quotas of compute, volumes and networks."""
    browser = console("demo")
    browser.get(f"{URL}/base/overview")
    _shows(browser, "Quota Overview")
    for text in ("Instances", "Volume Snapshots", "Security Group Rules"):
        _shows(browser, text)


def test_overview_admin(console: Console) -> None:
    """The administrator's console with its hypervisors."""
    browser = console("admin")
    browser.get(f"{URL}/compute/hypervisors-admin")
    _shows(browser, "devstack")
