"""Clouds are known by the variables that every client reads."""

from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Account, account_variables, existing_cloud, parse_exports
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.openstack import Session, left_behind


def test_exports_are_read_as_a_shell_reads_them() -> None:
    """Quotes, several on a line, comments and other variables."""
    text = "# a cloud\nexport OS_AUTH_URL=http://127.0.0.1/identity/v3\n"
    text += "export OS_PASSWORD='se cret' OS_USERNAME=demo\nA=1\n"
    assert parse_exports(text) == {
        "OS_AUTH_URL": "http://127.0.0.1/identity/v3",
        "OS_PASSWORD": "se cret",
        "OS_USERNAME": "demo",
    }


def test_exports_without_an_address_are_an_error() -> None:
    """Nothing could be driven."""
    with pytest.raises(CloudError, match="OS_AUTH_URL"):
        parse_exports("export OS_USERNAME=demo\n")


def test_a_tool_sees_no_other_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own OS_ and TF_ variables do not leak into a run."""
    monkeypatch.setenv("OS_CLOUD", "production")
    monkeypatch.setenv("TF_LOG", "trace")
    environment = Account(variables={"OS_AUTH_URL": "http://x"}).environment(TF_ACC="1")
    assert "OS_CLOUD" not in environment
    assert "TF_LOG" not in environment
    assert environment["OS_AUTH_URL"] == "http://x"
    assert environment["TF_ACC"] == "1"


def test_an_entry_of_clouds_yaml_becomes_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that any cloud can be scored; an unknown entry says what there is."""
    path = tmp_path / "clouds.yaml"
    path.write_text("clouds: {mine: {region_name: R, auth: {auth_url: http://x, username: me, project_name: p}}}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    cloud = existing_cloud("mine")
    assert cloud.admin is None
    assert cloud.demo.variables == {
        "OS_AUTH_URL": "http://x",
        "OS_USERNAME": "me",
        "OS_PROJECT_NAME": "p",
        "OS_REGION_NAME": "R",
    }
    with pytest.raises(CloudError, match="has no 'yours'; it has mine"):
        existing_cloud("yours")
    with pytest.raises(CloudError, match="auth_url"):
        account_variables({})


def test_an_unreachable_cloud_is_an_error_and_no_traceback() -> None:
    """Port 9 of this machine answers nobody."""
    with pytest.raises(CloudError, match=r"http://127\.0\.0\.1:9/v3/auth/tokens"):
        Session(Account(variables={"OS_AUTH_URL": "http://127.0.0.1:9/v3"})).authenticate()


def test_left_overs_and_losses_are_told() -> None:
    """Both what stays and what has vanished is a fault."""
    before = {"networks": {"a", "b"}, "servers": set[str]()}
    after = {"networks": {"b", "c"}, "servers": set[str]()}
    assert left_behind(before, before) == []
    assert left_behind(before, after) == ["networks c was left behind", "networks a has vanished"]
