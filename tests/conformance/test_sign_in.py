"""Ways to sign in that need no cloud to be tried."""

from pathlib import Path

import yaml

from mopenstack.conformance.cloud import Account, account_variables
from mopenstack.conformance.scenario import SignIn
from mopenstack.conformance.sign_in import sign_in

ACCOUNT = Account(
    variables={
        "OS_AUTH_URL": "https://cloud.example/v3",
        "OS_USERNAME": "demo",
        "OS_PASSWORD": "not-a-secret",
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
        "OS_CACERT": "ca.pem",
    }
)


def test_clouds_yaml_says_what_the_variables_say(tmp_path: Path) -> None:
    """And the variables only name it."""
    with sign_in(SignIn.CLOUDS_YAML, ACCOUNT, tmp_path) as made:
        pass
    assert made.variables.keys() == {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE"}
    clouds = yaml.safe_load(Path(made.variables["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    assert account_variables(clouds[made.variables["OS_CLOUD"]]) == ACCOUNT.variables


def test_a_password_is_the_account_as_it_is(tmp_path: Path) -> None:
    with sign_in(SignIn.PASSWORD, ACCOUNT, tmp_path) as made:
        assert made == ACCOUNT
    assert list(tmp_path.iterdir()) == []
