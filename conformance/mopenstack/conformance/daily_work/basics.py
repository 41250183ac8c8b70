"""The daily work with tokens, images, networks, volumes and servers."""

import time

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, Unexpected, must

IMAGE_BYTES = b"mopenstack conformance image\n" * 1024


def _token_issue(shell: Shell) -> None:
    token = shell.show("token", "issue")
    must({"id", "expires", "project_id", "user_id"} <= token.keys(), f"a token without its parts: {token}")


def _wrong_password(shell: Shell) -> None:
    said = shell.text("--os-password", "wrong", "token", "issue", fails=True)
    must("The request you have made requires authentication. (HTTP 401)" in said, said)


def _catalog_list(shell: Shell) -> None:
    types = {row["Type"] for row in shell.show("catalog", "list")}
    listed = set(shell.features.session.catalog)
    must(listed <= types, f"the catalog has only {sorted(types)}, not {sorted(listed - types)}")


def _image_create(shell: Shell) -> None:
    path = shell.folder / "image.raw"
    path.write_bytes(IMAGE_BYTES)
    arguments = ["--file", str(path), "--disk-format", "raw", "--container-format", "bare"]
    shell.show("image", "create", *arguments, f"{PREFIX}-image")
    image = shell.show("image", "show", f"{PREFIX}-image")
    must(image["status"] == "active" and image["size"] == len(IMAGE_BYTES), f"the image is {image}")


def _image_save(shell: Shell) -> None:
    shell.text("image", "save", "--file", "saved.raw", f"{PREFIX}-image")
    must((shell.folder / "saved.raw").read_bytes() == IMAGE_BYTES, "the image's bytes came back changed")


def _network_create(shell: Shell) -> None:
    network = shell.show("network", "create", f"{PREFIX}-network")
    must(network["status"] == "ACTIVE", f"the network is {network}")


def _subnet_create(shell: Shell) -> None:
    arguments = ["--network", f"{PREFIX}-network", "--subnet-range", "10.77.0.0/24", f"{PREFIX}-subnet"]
    subnet = shell.show("subnet", "create", *arguments)
    must(subnet["gateway_ip"] == "10.77.0.1", f"the subnet is {subnet}")


def _volume_create(shell: Shell) -> None:
    shell.show("volume", "create", "--size", "1", f"{PREFIX}-volume")
    for _ in range(20):
        volume = shell.show("volume", "show", f"{PREFIX}-volume")
        if volume["status"] == "available":
            return
        time.sleep(1)
    raise Unexpected(f"the volume stays {volume['status']}")


def _server_create(shell: Shell) -> None:
    flavors = sorted(shell.show("flavor", "list"), key=lambda row: int(row["RAM"]))
    arguments = ["--flavor", flavors[0]["Name"], "--image", f"{PREFIX}-image", "--network", f"{PREFIX}-network"]
    server = shell.show("server", "create", "--wait", *arguments, f"{PREFIX}-server")
    must(server["status"] == "ACTIVE", f"the server is {server['status']}")


def _server_list(shell: Shell) -> None:
    servers = shell.listed("server", "list")
    must(servers.get(f"{PREFIX}-server", {}).get("Status") == "ACTIVE", f"the list shows {servers}")
    addresses = servers[f"{PREFIX}-server"]["Networks"]
    must(str(addresses.get(f"{PREFIX}-network", [""])[0]).startswith("10.77.0."), f"its addresses are {addresses}")


def _volume_attach(shell: Shell) -> None:
    shell.text("server", "add", "volume", f"{PREFIX}-server", f"{PREFIX}-volume")
    must(shell.show("volume", "show", f"{PREFIX}-volume")["status"] == "in-use", "the volume is not in use")
    shell.text("server", "remove", "volume", f"{PREFIX}-server", f"{PREFIX}-volume")


def _unknown_server(shell: Shell) -> None:
    said = shell.text("server", "show", f"{PREFIX}-nobody", fails=True)
    must("No Server found for" in said or "No server with a name or ID of" in said, said)


def _network_in_use(shell: Shell) -> None:
    said = shell.text("network", "delete", f"{PREFIX}-network", fails=True)
    must("There are one or more ports still in use on the network" in said, said)


CASES = (
    Case("token-issue", "identity", _token_issue),
    Case("wrong-password", "identity", _wrong_password, negative=True),
    Case("catalog-list", "identity", _catalog_list),
    Case("image-create-file", "image", _image_create),
    Case("image-save", "image", _image_save, needs=("image-create-file",)),
    Case("network-create", "network", _network_create),
    Case("subnet-create", "network", _subnet_create, needs=("network-create",)),
    Case("volume-create", "block-storage", _volume_create),
    Case("server-create-wait", "compute", _server_create, needs=("image-create-file", "subnet-create")),
    Case("server-list", "compute", _server_list, needs=("server-create-wait",)),
    Case("server-volume", "compute", _volume_attach, needs=("server-create-wait", "volume-create")),
    Case("server-unknown", "compute", _unknown_server, negative=True),
    Case("network-in-use", "network", _network_in_use, needs=("server-create-wait",), negative=True),
)
