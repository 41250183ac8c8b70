"""The ways to sign in to a cloud, as the environment of a tool."""

from pathlib import Path
from typing import Any

import yaml

from mopenstack.conformance.cloud import Account
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.scenario import SignIn

_NOT_SECRET = ("OS_AUTH_URL", "OS_REGION_NAME", "OS_INTERFACE", "OS_CACERT", "OS_CERT", "OS_KEY")
_PROJECT = ("OS_PROJECT_ID", "OS_PROJECT_NAME", "OS_PROJECT_DOMAIN_ID", "OS_PROJECT_DOMAIN_NAME")
_NAME = "conformance"


def sign_in(way: SignIn, account: Account, folder: Path) -> Account:
    """The account by another way to sign in; `folder` takes the files that the way needs."""
    return _WAYS[way](account, folder)


def _password(account: Account, folder: Path) -> Account:
    return account


def _token(account: Account, folder: Path) -> Account:
    token = Session(account).authenticate().token
    return Account(variables=_only(account, _NOT_SECRET + _PROJECT) | {"OS_TOKEN": token})


def _application_credential(account: Account, folder: Path) -> Account:
    session = Session(account).authenticate()
    wanted = {"application_credential": {"name": _NAME}}
    answer = session.send("POST", "identity", f"/v3/users/{session.user_id}/application_credentials", wanted)
    if answer.status != 201:
        raise CloudError(f"no application credential: {answer.status} {answer.body}")
    made = answer.body["application_credential"]
    variables = {"OS_APPLICATION_CREDENTIAL_ID": made["id"], "OS_APPLICATION_CREDENTIAL_SECRET": made["secret"]}
    return Account(variables=_only(account, _NOT_SECRET) | variables)


def _clouds_yaml(account: Account, folder: Path) -> Account:
    names = {name.removeprefix("OS_").lower(): value for name, value in account.variables.items()}
    outer = {"region_name", "interface", "cacert", "cert", "key", "identity_api_version"}
    entry: dict[str, Any] = {name: value for name, value in names.items() if name in outer}
    entry["auth"] = {name: value for name, value in names.items() if name not in outer}
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {_NAME: entry}}))
    return Account(variables={"OS_CLOUD": _NAME, "OS_CLIENT_CONFIG_FILE": str(path)})


def _only(account: Account, names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in account.variables.items() if name in names}


_WAYS = {
    SignIn.PASSWORD: _password,
    SignIn.TOKEN: _token,
    SignIn.APPLICATION_CREDENTIAL: _application_credential,
    SignIn.CLOUDS_YAML: _clouds_yaml,
}
