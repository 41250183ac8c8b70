"""A real Keystone (SQLite, one worker) and a real Glance (files), of the environments that `tools install` makes."""

from __future__ import annotations

import grp
import os
import pwd
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mopenstack.conformance.tools import get_tool

START_SECONDS_MAX = 240
COMMAND_SECONDS_MAX = 400
PASSWORD = "secret"
SERVER = Path(__file__).with_name("wsgi_server.py")

KEYSTONE = """\
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///{folder}/keystone.db
[identity]
password_hash_rounds = 4
[token]
provider = fernet
[fernet_tokens]
key_repository = {folder}/fernet-keys
[fernet_receipts]
key_repository = {folder}/fernet-keys
[credential]
key_repository = {folder}/credential-keys
"""
GLANCE = """\
[DEFAULT]
use_stderr = true
enabled_backends = fs:file
worker_self_reference_url = {url}
[database]
connection = sqlite:///{folder}/glance.db
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = {folder}/images
[os_glance_staging_store]
filesystem_store_datadir = {folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/tasks
[paste_deploy]
flavor = keystone
[oslo_messaging_notifications]
driver = noop
[keystone_authtoken]
www_authenticate_uri = {auth_url}
auth_url = {auth_url}
auth_type = password
username = glance
password = secret
project_name = service
user_domain_id = default
project_domain_id = default
service_token_roles_required = true
service_token_roles = service
"""


@dataclass(slots=True)
class RealService:
    """One service at a port of this machine; `folder` has its files and its log."""

    name: str
    folder: Path
    port: int
    application: str
    environment: Mapping[str, str]
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bin(self) -> Path:
        """The commands of its environment."""
        found = get_tool(self.name).require().path
        assert found is not None
        return found.parent

    def run(self, *words: str) -> None:
        """One of its commands to its end."""
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            env={**os.environ, **self.environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.bin / "python"), str(SERVER), self.application, f"127.0.0.1:{self.port}"],
                env={**os.environ, **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        self.stop()
        raise AssertionError(f"{self.name} did not come up:\n{(self.folder / 'log').read_text()[-3000:]}")

    def stop(self) -> None:
        """End it with its worker."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/", timeout=10).close()
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True


def keystone(folder: Path, port: int) -> RealService:
    """A fresh Keystone with the user admin; not yet started."""
    (folder / "keystone.conf").write_text(KEYSTONE.format(folder=folder))
    for name in ("fernet-keys", "credential-keys"):
        (folder / name).mkdir(mode=0o700)
    made = RealService(
        "keystone", folder, port, "keystone.wsgi.api:application", {"OS_KEYSTONE_CONFIG_DIR": str(folder)}
    )
    manage = ("keystone-manage", "--config-file", str(folder / "keystone.conf"))
    made.run(*manage, "db_sync")
    # Keystone reads in one session while it writes in another: SQLite allows that with a write-ahead log alone.
    with sqlite3.connect(folder / "keystone.db") as database:
        database.execute("pragma journal_mode=wal")
    database.close()
    who = pwd.getpwuid(os.getuid())
    group = grp.getgrgid(os.getgid()).gr_name
    for keys in ("fernet_setup", "credential_setup"):
        made.run(*manage, keys, "--keystone-user", who.pw_name, "--keystone-group", group)
    urls = [
        word for which in ("admin", "internal", "public") for word in (f"--bootstrap-{which}-url", f"{made.url}/v3")
    ]
    made.run(*manage, "bootstrap", "--bootstrap-password", PASSWORD, *urls, "--bootstrap-region-id", "RegionOne")
    return made


def glance(folder: Path, port: int, auth_url: str) -> RealService:
    """A fresh Glance whose callers are those of a Keystone; not yet started."""
    for name in ("images", "staging", "tasks"):
        (folder / name).mkdir()
    made = RealService("glance", folder, port, "glance.wsgi.api:application", {"OS_GLANCE_CONFIG_DIR": str(folder)})
    (folder / "glance-api.conf").write_text(GLANCE.format(folder=folder, auth_url=auth_url, url=made.url))
    paste = made.bin.parent / "etc" / "glance" / "glance-api-paste.ini"
    (folder / "glance-api-paste.ini").write_text(paste.read_text())
    made.run("glance-manage", "--config-file", str(folder / "glance-api.conf"), "db_sync")
    return made
