"""The daily work with load balancers, zones, secrets, objects and shares."""

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, must

ZONE = f"{PREFIX}.example.org."
ADDRESS = "10.77.0.80"
OBJECT = "notes.txt"
OBJECT_BYTES = b"mopenstack conformance object\n" * 512
UNKNOWN = "00000000-0000-4000-8000-000000000000"
PAYLOAD = "correct horse battery staple"

# -- load balancers


def _balancer_create(shell: Shell) -> None:
    arguments = ["--name", f"{PREFIX}-balancer", "--vip-subnet-id", f"{PREFIX}-subnet", "--wait"]
    balancer = shell.show("loadbalancer", "create", *arguments)
    must(balancer["provisioning_status"] == "ACTIVE", f"the load balancer is {balancer}")
    must(balancer["vip_address"].startswith("10.77.0."), f"its address is {balancer['vip_address']}")
    port = shell.show("port", "show", balancer["vip_port_id"])
    must(port["device_owner"] == "Octavia", f"its port is {port}")


def _listener_create(shell: Shell) -> None:
    arguments = ["--name", f"{PREFIX}-listener", "--protocol", "HTTP", "--protocol-port", "80", "--wait"]
    shell.show("loadbalancer", "listener", "create", *arguments, f"{PREFIX}-balancer")
    arguments = ["--name", f"{PREFIX}-pool", "--protocol", "HTTP", "--lb-algorithm", "ROUND_ROBIN", "--wait"]
    shell.show("loadbalancer", "pool", "create", *arguments, "--listener", f"{PREFIX}-listener")
    arguments = ["--address", ADDRESS, "--protocol-port", "8080", "--subnet-id", f"{PREFIX}-subnet", "--wait"]
    shell.show("loadbalancer", "member", "create", *arguments, f"{PREFIX}-pool")
    members = shell.show("loadbalancer", "member", "list", f"{PREFIX}-pool")
    must([member["address"] for member in members] == [ADDRESS], f"the pool has {members}")


def _balancer_status(shell: Shell) -> None:
    shown = shell.text("loadbalancer", "status", "show", f"{PREFIX}-balancer")
    must(all(name in shown for name in (f"{PREFIX}-listener", f"{PREFIX}-pool", ADDRESS)), f"its tree is {shown}")


def _port_taken(shell: Shell) -> None:
    arguments = ["--protocol", "HTTP", "--protocol-port", "80", f"{PREFIX}-balancer"]
    said = shell.text("loadbalancer", "listener", "create", *arguments, fails=True)
    must("Another Listener on this Load Balancer is already using protocol" in said and "(HTTP 409)" in said, said)


def _balancer_delete(shell: Shell) -> None:
    shell.text("loadbalancer", "delete", "--cascade", "--wait", f"{PREFIX}-balancer")
    names = {row["name"] for row in shell.show("loadbalancer", "list")}
    must(f"{PREFIX}-balancer" not in names, f"there are {names}")


# -- zones


def _zone_create(shell: Shell) -> None:
    zone = shell.show("zone", "create", "--email", "admin@example.org", ZONE)
    must(zone["name"] == ZONE and int(zone["serial"]) > 0, f"the zone is {zone}")


def _recordset_create(shell: Shell) -> None:
    made = shell.show("recordset", "create", "--type", "A", "--record", ADDRESS, ZONE, "www")
    must(made["name"] == f"www.{ZONE}", f"the record set is {made}")
    found = {row["type"] for row in shell.show("recordset", "list", ZONE)}
    must({"A", "NS", "SOA"} <= found, f"the zone has records of {found}")


def _cname_beside_a(shell: Shell) -> None:
    arguments = ["--type", "CNAME", "--record", f"other.{ZONE}", ZONE, "www"]
    said = shell.text("recordset", "create", *arguments, fails=True)
    must("CNAME recordsets may not share a name with any other records" in said, said)


def _zone_delete(shell: Shell) -> None:
    shell.text("zone", "delete", ZONE)
    names = {row["name"] for row in shell.show("zone", "list")}
    must(ZONE not in names, f"there are {names}")


# -- secrets


def _secret_store(shell: Shell) -> None:
    arguments = ["--name", f"{PREFIX}-secret", "--payload", PAYLOAD, "--payload-content-type", "text/plain"]
    made = shell.show("secret", "store", *arguments)
    shell.known["secret"] = made["Secret href"]
    shown = shell.show("secret", "get", made["Secret href"])
    must(shown["Status"] == "ACTIVE" and shown["Name"] == f"{PREFIX}-secret", f"the secret is {shown}")


def _secret_payload(shell: Shell) -> None:
    payload = shell.show("secret", "get", "--payload", shell.known["secret"])
    must(payload["Payload"] == PAYLOAD, f"the payload came back as {payload}")


def _secret_container(shell: Shell) -> None:
    arguments = ["--name", f"{PREFIX}-bundle", "--type", "generic", "--secret", f"one={shell.known['secret']}"]
    made = shell.show("secret", "container", "create", *arguments)
    shell.known["bundle"] = made["Container href"]
    shown = shell.text("secret", "container", "get", made["Container href"])
    must(shell.known["secret"] in shown, f"the container is {shown}")


def _unknown_secret(shell: Shell) -> None:
    said = shell.text(
        "secret", "get", shell.known["secret"][:-36] + "0" * 8 + "-0000-4000-8000-" + "0" * 12, fails=True
    )
    must("Secret not found." in said or "Not Found" in said, said)


def _secret_delete(shell: Shell) -> None:
    shell.text("secret", "container", "delete", shell.known["bundle"])
    shell.text("secret", "delete", shell.known["secret"])
    names = {row["Name"] for row in shell.show("secret", "list")}
    must(f"{PREFIX}-secret" not in names, f"there are {names}")


# -- objects


def _container_create(shell: Shell) -> None:
    shell.text("container", "create", f"{PREFIX}-objects")
    names = {row["Name"] for row in shell.show("container", "list")}
    must(f"{PREFIX}-objects" in names, f"there are {names}")


def _object_create(shell: Shell) -> None:
    (shell.folder / OBJECT).write_bytes(OBJECT_BYTES)
    shell.text("object", "create", f"{PREFIX}-objects", OBJECT)
    shell.text("object", "save", "--file", "saved.txt", f"{PREFIX}-objects", OBJECT)
    must((shell.folder / "saved.txt").read_bytes() == OBJECT_BYTES, "the object's bytes came back changed")
    account = shell.show("object", "store", "account", "show")
    must(int(account["Objects"]) >= 1 and int(account["Bytes"]) >= len(OBJECT_BYTES), f"the account has {account}")


def _container_in_use(shell: Shell) -> None:
    said = shell.text("container", "delete", f"{PREFIX}-objects", fails=True)
    must("(HTTP 409)" in said, said)


def _container_delete(shell: Shell) -> None:
    shell.text("container", "delete", "--recursive", f"{PREFIX}-objects")
    names = {row["Name"] for row in shell.show("container", "list")}
    must(f"{PREFIX}-objects" not in names, f"there are {names}")


# -- shares

SHARE = f"{PREFIX}-share"


def _share_create(shell: Shell) -> None:
    share = shell.show("share", "create", "NFS", "1", "--name", SHARE, "--share-type", "dhss_false", "--wait")
    must((share["status"], share["size"]) == ("available", 1), f"the share is {share}")
    paths = shell.show("share", "export", "location", "list", SHARE)
    must(len(paths) == 2 and all(":/" in row["Path"] for row in paths), f"it is mounted from {paths}")


def _share_access(shell: Shell) -> None:
    rule = shell.show("share", "access", "create", SHARE, "ip", "192.0.2.0/24", "--access-level", "ro", "--wait")
    must((rule["state"], rule["access_level"]) == ("active", "ro"), f"the rule is {rule}")
    rules = shell.show("share", "access", "list", SHARE)
    must([row["Access To"] for row in rules] == ["192.0.2.0/24"], f"the rules are {rules}")


def _share_snapshot(shell: Shell) -> None:
    snapshot = shell.show("share", "snapshot", "create", SHARE, "--name", f"{PREFIX}-snapshot", "--wait")
    must(snapshot["status"] == "available", f"the snapshot is {snapshot}")
    shell.text("share", "resize", SHARE, "2", "--wait")
    must(shell.show("share", "show", SHARE)["size"] == 2, "the share has not grown")


def _share_in_use(shell: Shell) -> None:
    said = shell.text("share", "delete", SHARE, fails=True)
    must("Share still has 1 dependent snapshots" in said and "(HTTP 403)" in said, said)


def _share_delete(shell: Shell) -> None:
    shell.text("share", "snapshot", "delete", f"{PREFIX}-snapshot", "--wait")
    shell.text("share", "delete", SHARE, "--wait")
    names = {row["Name"] for row in shell.show("share", "list")}
    must(SHARE not in names, f"there are {names}")


def _share_network(shell: Shell) -> None:
    network = shell.show("share", "network", "create", "--name", f"{PREFIX}-share-network")
    must(network["status"] == "active", f"the share network is {network}")
    shell.text("share", "network", "delete", f"{PREFIX}-share-network")


def clear(shell: Shell) -> None:
    """Delete what a failed case has left."""
    if shell.features.has("load-balancer"):
        for row in shell.show("loadbalancer", "list"):
            if row["name"] == f"{PREFIX}-balancer":
                shell.text("loadbalancer", "delete", "--cascade", "--wait", row["id"])
    if shell.features.has("sharev2"):
        for kind in ("snapshot", ""):
            kinds = ["share", *kind.split()]
            for row in shell.show(*kinds, "list"):
                if str(row["Name"]).startswith(PREFIX):
                    shell.text(*kinds, "delete", row["ID"], "--wait")
    if shell.features.has("dns"):
        for row in shell.show("zone", "list"):
            if row["name"] == ZONE:
                shell.text("zone", "delete", ZONE)
    if shell.features.has("key-manager"):
        for kind, words in (("Container", ("secret", "container")), ("Secret", ("secret",))):
            for row in shell.show(*words, "list"):
                if str(row["Name"]).startswith(PREFIX):
                    shell.text(*words, "delete", row[f"{kind} href"])
    if shell.features.has("object-store"):
        for row in shell.show("container", "list"):
            if row["Name"] == f"{PREFIX}-objects":
                shell.text("container", "delete", "--recursive", row["Name"])


CASES = (
    Case("loadbalancer-create-wait", "load-balancer", _balancer_create, needs=("subnet-create",)),
    Case("loadbalancer-listener-pool-member", "load-balancer", _listener_create, needs=("loadbalancer-create-wait",)),
    Case("loadbalancer-status", "load-balancer", _balancer_status, needs=("loadbalancer-listener-pool-member",)),
    Case(
        "loadbalancer-port-taken",
        "load-balancer",
        _port_taken,
        needs=("loadbalancer-listener-pool-member",),
        negative=True,
    ),
    Case("loadbalancer-delete-cascade", "load-balancer", _balancer_delete, needs=("loadbalancer-create-wait",)),
    Case("zone-create", "dns", _zone_create),
    Case("recordset-create", "dns", _recordset_create, needs=("zone-create",)),
    Case("recordset-cname-beside-a", "dns", _cname_beside_a, needs=("recordset-create",), negative=True),
    Case("zone-delete", "dns", _zone_delete, needs=("zone-create",)),
    Case("share-create", "shared-file-system", _share_create),
    Case("share-access", "shared-file-system", _share_access, needs=("share-create",)),
    Case("share-snapshot-resize", "shared-file-system", _share_snapshot, needs=("share-access",)),
    Case("share-in-use", "shared-file-system", _share_in_use, needs=("share-snapshot-resize",), negative=True),
    Case("share-delete", "shared-file-system", _share_delete, needs=("share-snapshot-resize",)),
    Case("share-network", "shared-file-system", _share_network),
    Case("secret-store", "key-manager", _secret_store),
    Case("secret-payload", "key-manager", _secret_payload, needs=("secret-store",)),
    Case("secret-container", "key-manager", _secret_container, needs=("secret-store",)),
    Case("secret-unknown", "key-manager", _unknown_secret, needs=("secret-store",), negative=True),
    Case("secret-delete", "key-manager", _secret_delete, needs=("secret-container",)),
    Case("container-create", "object-store", _container_create),
    Case("object-create-save", "object-store", _object_create, needs=("container-create",)),
    Case("container-not-empty", "object-store", _container_in_use, needs=("object-create-save",), negative=True),
    Case("container-delete-recursive", "object-store", _container_delete, needs=("container-create",)),
)
