"""A cloud of its own process, and what is asked of it by an administrator."""

from __future__ import annotations

from collections.abc import Iterator

from peers import Client, login, mopenstack

FILL = 100
"""Servers that one request makes."""


class Cloud:
    """`options` are those of `mopenstack up`."""

    def __init__(self, *options: str) -> None:
        self.peer = mopenstack(*options)
        self.token, self.project = login(self.peer.url)
        self.client = Client(self.peer.url, {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.90"})
        quota = {"instances": -1, "cores": -1, "ram": -1}
        self.client.send("PUT", f"/compute/v2.1/os-quota-sets/{self.project}", {"quota_set": quota})
        self.image = self.client.send("GET", "/image/v2/images")[1]["images"][0]["id"]
        networks = self.client.send("GET", "/network/v2.0/networks?name=public")[1]["networks"]
        self.network = networks[0]["id"]

    def body(self, networks: object, **more: object) -> dict[str, object]:
        server = {"name": "bench", "flavorRef": "42", "imageRef": self.image, "networks": networks}
        return {"server": {**server, **more}}

    def boot(self, networks: object = "none") -> str:
        """POST, then the first GET, which must show ACTIVE."""
        _, made = self.client.send("POST", "/compute/v2.1/servers", self.body(networks))
        id: str = made["server"]["id"]
        _, shown = self.client.send("GET", f"/compute/v2.1/servers/{id}")
        assert shown["server"]["status"] == "ACTIVE", shown
        return id

    def delete_last(self, servers: list[str]) -> None:
        self.client.send("DELETE", f"/compute/v2.1/servers/{servers.pop()}")

    def fill(self, count: int) -> None:
        """Bring the project to this many servers."""
        limits = self.client.send("GET", "/compute/v2.1/limits")[1]["limits"]["absolute"]
        missing = count - limits["totalInstancesUsed"]
        while missing > 0:
            several = min(missing, FILL)
            self.client.send("POST", "/compute/v2.1/servers", self.body("none", min_count=several, max_count=several))
            missing -= several

    def detail(self) -> int:
        return len(self.client.send("GET", "/compute/v2.1/servers/detail")[1]["servers"])


def fresh_cloud(client: Client, names: Iterator[str]) -> None:
    """One more cloud in the server, by the next name."""
    client.send("POST", "/_mopenstack/clouds", {"name": next(names)})
