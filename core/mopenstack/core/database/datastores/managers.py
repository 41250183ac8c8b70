"""What Trove is configured with for each kind of database (the sections of trove/common/cfg.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_EXPERIMENTAL = "trove.guestagent.datastore.experimental"
_REPLICATION = "trove.guestagent.strategies.replication"


@dataclass(frozen=True, slots=True)
class Manager:
    """One kind.

    users        whether its databases and users are managed
    clusters     the least number of instances of a cluster; 0: it has none
    replicates   whether it has replicas
    """

    registry_ext: str
    ports: tuple[str, ...]
    strategy: str = ""
    users: bool = False
    replicates: bool = False
    backups: bool = True
    clusters: int = 0
    reserved_users: tuple[str, ...] = ()
    reserved_databases: tuple[str, ...] = ()
    logs: dict[str, str] = field(default_factory=dict)


_MYSQL_LOGS = {"general": "USER", "slow_query": "USER", "error": "SYS"}
_OWN = ("mysql", "information_schema", "performance_schema")
MANAGERS: dict[str, Manager] = {
    "mysql": Manager(
        "trove.guestagent.datastore.mysql.manager.Manager",
        ("3306",),
        strategy=f"{_REPLICATION}.mysql_gtid.MysqlGTIDReplication",
        users=True,
        replicates=True,
        reserved_users=("os_admin", "root"),
        reserved_databases=(*_OWN, "sys"),
        logs=_MYSQL_LOGS,
    ),
    "mariadb": Manager(
        "trove.guestagent.datastore.mariadb.manager.Manager",
        ("3306", "4444", "4567", "4568"),
        strategy=f"{_REPLICATION}.mariadb_gtid.MariaDBGTIDReplication",
        users=True,
        replicates=True,
        clusters=3,
        reserved_users=("os_admin", "root"),
        reserved_databases=_OWN,
        logs=_MYSQL_LOGS,
    ),
    "postgresql": Manager(
        "trove.guestagent.datastore.postgres.manager.PostgresManager",
        ("5432",),
        strategy=f"{_REPLICATION}.postgresql.PostgresqlReplicationStreaming",
        users=True,
        replicates=True,
        reserved_users=("os_admin", "postgres"),
        reserved_databases=("os_admin", "postgres"),
        logs={"general": "USER"},
    ),
    "percona": Manager(f"{_EXPERIMENTAL}.percona.manager.Manager", ("3306",), replicates=True),
    "pxc": Manager(f"{_EXPERIMENTAL}.pxc.manager.Manager", ("3306", "4444", "4567", "4568"), clusters=3),
    "redis": Manager(f"{_EXPERIMENTAL}.redis.manager.Manager", ("6379", "16379"), replicates=True),
    "cassandra": Manager(
        f"{_EXPERIMENTAL}.cassandra.manager.Manager", ("7000", "7001", "7199", "9042", "9160")
    ),
    "couchbase": Manager(
        f"{_EXPERIMENTAL}.couchbase.manager.Manager", ("8091", "8092", "4369", "11209-11211")
    ),
    "mongodb": Manager(f"{_EXPERIMENTAL}.mongodb.manager.Manager", ("2500", "27017", "27019")),
    "couchdb": Manager(f"{_EXPERIMENTAL}.couchdb.manager.Manager", ("5984",)),
    "vertica": Manager(
        f"{_EXPERIMENTAL}.vertica.manager.Manager", ("5433", "5434", "5444", "5450"), backups=False
    ),
    "db2": Manager(f"{_EXPERIMENTAL}.db2.manager.Manager", ("50000",)),
}  # fmt: skip
"""Manager -> its configuration."""


@cache
def parameters(manager: str) -> dict[str, dict[str, Any]]:
    """The parameters that a manager's datastores come with, by name: restart_required, type, max, min.

    Source: trove/templates/<manager>/validation-rules.json.
    """
    kept = json.loads((Path(__file__).parent / "parameters.json").read_text(encoding="utf-8"))
    return {
        name: {"restart_required": restart, "type": type, "max": maximum, "min": minimum}
        for name, restart, type, maximum, minimum in kept.get(manager, ())
    }


@cache
def templates() -> dict[str, list[list[Any]]]:
    """Manager -> the lines of its default configuration: name, value, and per 512 MB of memory the unit behind it."""
    found: dict[str, list[list[Any]]] = json.loads(
        (Path(__file__).parent / "templates.json").read_text(encoding="utf-8")
    )
    return found
