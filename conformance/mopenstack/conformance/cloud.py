"""The cloud under test: started by the command line as any user would, or one of a `clouds.yaml`."""

import json
import os
import shlex
import shutil
import ssl
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from mopenstack.conformance.answers import AnswerLog, Answers
from mopenstack.conformance.certificates import Authority, pair_of
from mopenstack.conformance.errors import CloudError, ConformanceError
from mopenstack.conformance.process import clean_environment, run

USERS = ("demo", "admin")


class Account(BaseModel):
    """The `OS_*` variables of one user: all that a client needs to know about a cloud."""

    model_config = ConfigDict(frozen=True)

    variables: dict[str, str]

    @property
    def auth_url(self) -> str:
        """Keystone's address."""
        return self.variables["OS_AUTH_URL"]

    @property
    def username(self) -> str:
        """The user's name."""
        return self.variables.get("OS_USERNAME", "")

    def environment(self, **changes: str) -> dict[str, str]:
        """The environment for a tool that acts as this user."""
        return clean_environment(**self.variables, **changes)


class Cloud(BaseModel):
    """A cloud as its users see it."""

    model_config = ConfigDict(frozen=True)

    name: str
    demo: Account
    admin: Account | None = None
    ports: dict[str, str] = {}
    """Catalog type -> where the service is at the root of a port of its own, where that is known."""
    name_server: str = ""
    """Address and port of what serves its zones, where that is known."""

    def account(self, user: str) -> Account | None:
        """The account for `demo` or `admin`; for `any` the ordinary user."""
        return self.admin if user == "admin" else self.demo


def command_line() -> list[str]:
    """How `mopenstack` is called: the script of this very environment, else the one on PATH."""
    own = Path(sys.executable).parent / "mopenstack"
    found = str(own) if own.exists() else shutil.which("mopenstack")
    if found is None:
        raise CloudError("there is no `mopenstack` command beside this Python or on PATH")
    return [found]


class Host:
    """One running mopenstack that lends fresh clouds. Its state lies in a folder of its own."""

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self.folder = folder
        self._authority = Authority(folder) if tls else None

    def mopenstack(self, *arguments: str) -> str:
        """Run the command line against this host."""
        env = clean_environment(XDG_STATE_HOME=str(self.folder), NO_COLOR="1")
        try:
            return run([*command_line(), *arguments], env=env, seconds=120)
        except ConformanceError as error:
            raise CloudError(str(error)) from error

    def start(self, *, further: Sequence[str] = (), options: Sequence[str] = (), profile: str = "instant") -> None:
        """Start; it returns when the cloud answers.

        `further` are words of `mopenstack up`; `options` and `profile` are the default cloud's.
        """
        words = [*further, *(word for option in options for word in ("--set", option))]
        if self._authority is not None:
            for user in USERS:
                self._authority.client(user)
            pair = self._authority.server("127.0.0.1", "localhost")
            words += ["--tls-cert", str(pair.cert), "--tls-key", str(pair.key)]
            words += ["--tls-client-ca", str(self._authority.ca)]
        self.mopenstack("up", "--detach", "--port", "0", "--check-answers", "--profile", profile, *words)

    def answers(self) -> Answers:
        """What it has answered so far, and what was not as the services publish it."""
        status = json.loads(self.mopenstack("status", "--json"))
        url, ca = f"{status['url']}/_mopenstack/answers", status.get("cacert")
        trusted = ssl.create_default_context(cafile=ca) if ca else None
        with urllib.request.urlopen(url, timeout=60, context=trusted) as said:  # noqa: S310  # our own address
            return Answers.model_validate_json(said.read())

    def stop(self) -> None:
        """Stop it; the folder stays."""
        self.mopenstack("stop")

    def create_cloud(
        self,
        name: str | None = None,
        options: Sequence[str] = (),
        profile: str = "instant",
        regions: Sequence[str] = (),
    ) -> Cloud:
        """A fresh cloud with the seed in it; `options` are its NAME=VALUE, `profile` says how long transitions take.

        Options of services that the host does not serve are left out.
        """
        name = name or f"c{uuid.uuid4().hex[:10]}"
        served = [option for option in options if option.partition(".")[0] in self._with_options]
        settings = [word for option in served for word in ("--set", option)]
        settings += ["--regions", ",".join(regions)] if regions else []
        self.mopenstack("cloud", "create", name, "--profile", profile, *settings)
        return Cloud(name=name, demo=self._account(name, "demo"), admin=self._account(name, "admin"))

    @cached_property
    def _with_options(self) -> frozenset[str]:
        """The services that are served and have options."""
        known = json.loads(self.mopenstack("cloud", "options", "--json"))
        return frozenset(one["name"].partition(".")[0] for one in known)

    def default_cloud(self) -> Cloud:
        """The cloud at the roots of the ports."""
        status = json.loads(self.mopenstack("status", "--json"))
        demo, admin = (self._account("default", user) for user in ("demo", "admin"))
        return Cloud(
            name="default", demo=demo, admin=admin, ports=status.get("ports", {}), name_server=status.get("dns", "")
        )

    def delete_cloud(self, name: str) -> None:
        """Forget a cloud and all that is in it."""
        self.mopenstack("cloud", "delete", name)

    def _account(self, cloud: str, user: str) -> Account:
        variables = parse_exports(self.mopenstack("env", "--user", user, "--cloud", cloud))
        # The host may have been started by another process than this one.
        shown = pair_of(self.folder, user)
        if shown.cert.exists():
            variables |= {"OS_CERT": str(shown.cert), "OS_KEY": str(shown.key)}
        return Account(variables=variables)


@contextmanager
def running_host(
    log: AnswerLog,
    *,
    tls: bool = False,
    further: Sequence[str] = (),
    options: Sequence[str] = (),
    profile: str = "instant",
) -> Iterator[Host]:
    """A host for as long as the block lasts; `log` learns what it answered. With `tls` it speaks HTTPS."""
    with tempfile.TemporaryDirectory(prefix="mopenstack-conformance-") as folder:
        host = Host(Path(folder), tls=tls)
        kept = ["--check-kept"] if log.check_kept else []
        host.start(further=[*kept, *further], options=options, profile=profile)
        try:
            yield host
        finally:
            with suppress(CloudError, OSError):
                log.add(host.answers())
            # One that broke meanwhile has its verdict already.
            with suppress(CloudError):
                host.stop()


def parse_exports(text: str) -> dict[str, str]:
    """The variables of shell lines such as `export OS_USERNAME='demo'`."""
    variables = {}
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["export"]:
            words = words[1:]
        for word in words:
            key, equals, value = word.partition("=")
            if equals and key.startswith("OS_"):
                variables[key] = value
    if "OS_AUTH_URL" not in variables:
        raise CloudError(f"no OS_AUTH_URL in: {text!r}")
    return variables


def existing_cloud(name: str, admin: str | None = None) -> Cloud:
    """An entry of `clouds.yaml`, and another one for the tests that need an administrator."""
    entries = _clouds_yaml()
    for wanted in (name, *([admin] if admin else [])):
        if wanted not in entries:
            raise CloudError(f"clouds.yaml has no {wanted!r}; it has {', '.join(sorted(entries)) or 'nothing'}")
    return Cloud(
        name=name,
        demo=Account(variables=account_variables(entries[name])),
        admin=Account(variables=account_variables(entries[admin])) if admin else None,
    )


def account_variables(entry: dict[str, Any]) -> dict[str, str]:
    """A `clouds.yaml` entry as `OS_*` variables."""
    auth = entry.get("auth") or {}
    if "auth_url" not in auth:
        raise CloudError("a clouds.yaml entry without auth.auth_url")
    variables = {f"OS_{key.upper()}": str(value) for key, value in auth.items()}
    for key in ("region_name", "interface", "cacert", "cert", "key", "identity_api_version"):
        if entry.get(key) is not None:
            variables[f"OS_{key.upper()}"] = str(entry[key])
    return variables


def _clouds_yaml() -> dict[str, dict[str, Any]]:
    """The first of the places where every OpenStack client looks."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    places = [Path(named)] if named else []
    places += [Path("clouds.yaml"), Path.home() / ".config/openstack/clouds.yaml", Path("/etc/openstack/clouds.yaml")]
    for place in places:
        if place.is_file():
            document = yaml.safe_load(place.read_text()) or {}
            return dict(document.get("clouds") or {})
    raise CloudError(f"no clouds.yaml; looked at {', '.join(map(str, places))}")
