"""The daily work with databases."""

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, must

INSTANCE, COPY = f"{PREFIX}-database", f"{PREFIX}-database-copy"
GROUP, BACKUP = f"{PREFIX}-parameters", f"{PREFIX}-backup"
DATASTORE = ("--datastore", "mysql", "--datastore-version", "8.0.32")


def _instance_create(shell: Shell) -> None:
    network = shell.show("network", "show", f"{PREFIX}-network")["id"]
    arguments = ["--flavor", "1", "--size", "2", *DATASTORE, "--nic", f"net-id={network}"]
    more = ["--databases", "orders", "--users", "anna:secret"]
    made = shell.show("database", "instance", "create", INSTANCE, *arguments, *more)
    must(made["datastore_version"] == "8.0.32", f"the instance is {made}")
    shown = shell.show("database", "instance", "show", INSTANCE)
    must((shown["status"], shown["operating_status"]) == ("ACTIVE", "HEALTHY"), f"the instance is {shown}")


def _databases(shell: Shell) -> None:
    shell.text("database", "db", "create", INSTANCE, "stock")
    found = {row["Name"] for row in shell.show("database", "db", "list", INSTANCE)}
    must(found == {"orders", "stock"}, f"there are {found}")


def _users(shell: Shell) -> None:
    shell.text("database", "user", "create", INSTANCE, "bert", "secret", "--databases", "orders")
    shell.text("database", "user", "grant", "access", INSTANCE, "bert", "stock")
    found = {row["Name"] for row in shell.show("database", "user", "show", "access", INSTANCE, "bert")}
    must(found == {"orders", "stock"}, f"the user may reach {found}")
    shell.text("database", "user", "revoke", "access", INSTANCE, "bert", "orders")
    found = {row["Name"] for row in shell.show("database", "user", "show", "access", INSTANCE, "bert")}
    must(found == {"stock"}, f"the user may reach {found}")


def _reserved_name(shell: Shell) -> None:
    said = shell.text("database", "db", "create", INSTANCE, "mysql", fails=True)
    must("is on the reserved list" in said, said)


def _parameters(shell: Shell) -> None:
    shell.text("database", "configuration", "create", GROUP, '{"max_connections": 20}', *DATASTORE)
    shell.text("database", "configuration", "attach", INSTANCE, GROUP)
    rows = shell.show("database", "configuration", "instances", GROUP)
    must([row["Name"] for row in rows] == [INSTANCE], f"the group has {rows}")


def _group_in_use(shell: Shell) -> None:
    said = shell.text("database", "configuration", "delete", GROUP, fails=True)
    must("cannot be deleted if it is associated" in said, said)


def _resize(shell: Shell) -> None:
    shell.text("database", "instance", "resize", "volume", INSTANCE, "3")
    shown = shell.show("database", "instance", "show", INSTANCE)
    must((shown["status"], int(shown["volume"])) == ("ACTIVE", 3), f"the instance is {shown}")


def _backup(shell: Shell) -> None:
    shell.text("database", "backup", "create", BACKUP, "--instance", INSTANCE)
    states = {row["Name"]: row["Status"] for row in shell.show("database", "backup", "list")}
    must(states.get(BACKUP) == "COMPLETED", f"there are {states}")
    shell.text("database", "backup", "delete", BACKUP)


def _replica(shell: Shell) -> None:
    network = shell.show("network", "show", f"{PREFIX}-network")["id"]
    shell.show("database", "instance", "create", COPY, "--replica-of", INSTANCE, "--nic", f"net-id={network}")
    shown = shell.show("database", "instance", "show", COPY)
    must(bool(shown["replica_of"]), f"the copy is {shown}")
    said = shell.text("database", "instance", "delete", INSTANCE, fails=True)
    must("Unable to delete the specified database instance(s)" in said, said)
    shell.text("database", "instance", "detach", COPY)


def _instance_delete(shell: Shell) -> None:
    clear(shell)
    names = {row["Name"] for row in shell.show("database", "instance", "list")}
    must(not names & {INSTANCE, COPY}, f"there are {names}")


def clear(shell: Shell) -> None:
    """Delete what a failed case has left."""
    if not shell.features.has("database"):
        return
    for row in shell.show("database", "instance", "list"):
        if row["Name"] in (INSTANCE, COPY):
            shell.text("database", "instance", "delete", row["ID"])
    for row in shell.show("database", "backup", "list"):
        if row["Name"] == BACKUP:
            shell.text("database", "backup", "delete", row["ID"])
    for row in shell.show("database", "configuration", "list"):
        if row["Name"] == GROUP:
            shell.text("database", "configuration", "delete", row["ID"])


_MADE = ("database-instance-create",)
CASES = (
    Case("database-instance-create", "database", _instance_create, needs=("subnet-create",)),
    Case("database-create", "database", _databases, needs=_MADE),
    Case("database-user-access", "database", _users, needs=("database-create",)),
    Case("database-name-reserved", "database", _reserved_name, needs=_MADE, negative=True),
    Case("database-parameters", "database", _parameters, needs=_MADE),
    Case("database-parameters-in-use", "database", _group_in_use, needs=("database-parameters",), negative=True),
    Case("database-resize-volume", "database", _resize, needs=_MADE),
    Case("database-backup", "database", _backup, needs=_MADE),
    Case("database-replica", "database", _replica, needs=_MADE),
    Case("database-instance-delete", "database", _instance_delete, needs=_MADE),
)
