"""The ways to sign in to a cloud, as the environment of a tool."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
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


def sign_in(way: SignIn, account: Account, folder: Path) -> AbstractContextManager[Account]:
    """The account by another way to sign in, for as long as the block lasts; `folder` takes the files of the way."""
    return _WAYS[way](account, folder)


@contextmanager
def _password(account: Account, folder: Path) -> Iterator[Account]:
    yield account


@contextmanager
def _token(account: Account, folder: Path) -> Iterator[Account]:
    token = Session(account).authenticate().token
    yield Account(variables=_only(account, _NOT_SECRET + _PROJECT) | {"OS_TOKEN": token})


@contextmanager
def _application_credential(account: Account, folder: Path) -> Iterator[Account]:
    session = Session(account).authenticate()
    path = f"/v3/users/{session.user_id}/application_credentials"
    wanted = {"application_credential": {"name": f"{_NAME}-{uuid.uuid4().hex[:8]}"}}
    answer = session.send("POST", "identity", path, wanted)
    if answer.status != 201:
        raise CloudError(f"no application credential: {answer.status} {answer.body}")
    made = answer.body["application_credential"]
    variables = {"OS_APPLICATION_CREDENTIAL_ID": made["id"], "OS_APPLICATION_CREDENTIAL_SECRET": made["secret"]}
    try:
        yield Account(variables=_only(account, _NOT_SECRET) | variables)
    finally:
        session.send("DELETE", "identity", f"{path}/{made['id']}")


@contextmanager
def _clouds_yaml(account: Account, folder: Path) -> Iterator[Account]:
    names = {name.removeprefix("OS_").lower(): value for name, value in account.variables.items()}
    outer = {"region_name", "interface", "cacert", "cert", "key", "identity_api_version"}
    entry: dict[str, Any] = {name: value for name, value in names.items() if name in outer}
    entry["auth"] = {name: value for name, value in names.items() if name not in outer}
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {_NAME: entry}}))
    yield Account(variables={"OS_CLOUD": _NAME, "OS_CLIENT_CONFIG_FILE": str(path)})


def _only(account: Account, names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in account.variables.items() if name in names}


_WAYS = {
    SignIn.PASSWORD: _password,
    SignIn.TOKEN: _token,
    SignIn.APPLICATION_CREDENTIAL: _application_credential,
    SignIn.CLOUDS_YAML: _clouds_yaml,
}
