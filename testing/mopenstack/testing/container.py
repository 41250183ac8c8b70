"""A mopenstack in a container, for testcontainers: `pip install 'mopenstack[testcontainers]'`.

    with MopenstackContainer() as container:
        cloud = container.cloud("test")
        cloud.connection().network.create_network(name="blue")

Source: the base class is testcontainers.core.container.DockerContainer of testcontainers-python 4.
"""

from __future__ import annotations

import ipaddress
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from mopenstack.cli.credentials import identity_url
from mopenstack.contract.admin_access import VARIABLE
from mopenstack.testing.cloud import Cloud
from mopenstack.testing.mopenstack import Mopenstack

IMAGE = "mopenstack:latest"
"""What `docker build --tag mopenstack .` of the repository makes."""
HTTP_PORT, GRPC_PORT = 8800, 8801
READY = "/_mopenstack/ready"
START_SECONDS_MAX = 60


class MopenstackContainer(DockerContainer):
    """A container that serves clouds; it is ready when `start` returns, and gone with all its clouds after `stop`.

    `arguments` are further ones of `mopenstack up` (["--like", "scs"]); `admin_token` is what callers of the admin API
    show, made anew where none is given. All else is as DockerContainer has it.
    """

    def __init__(
        self, image: str = IMAGE, *, arguments: Sequence[str] = (), admin_token: str = "", **settings: Any
    ) -> None:
        super().__init__(image, **settings)
        self.admin_token = admin_token or secrets.token_urlsafe(32)
        self._arguments = list(arguments)
        self._files = tempfile.TemporaryDirectory(prefix="mopenstack-container-")
        self._reached: Mopenstack | None = None
        self._clouds: list[Cloud] = []
        self.with_exposed_ports(HTTP_PORT, GRPC_PORT)
        self.with_env(VARIABLE, self.admin_token)
        ready = HttpWaitStrategy(HTTP_PORT, READY).for_status_code(200)
        self.waiting_for(ready.with_startup_timeout(START_SECONDS_MAX))

    def _configure(self) -> None:
        listening = ["--host", "0.0.0.0", "--port", str(HTTP_PORT), "--grpc-port", str(GRPC_PORT)]  # noqa: S104
        # The admin API answers to addresses and to names that it was told.
        host = self.get_docker_client().host()
        named = [] if _is_address(host) else ["--admin-host", host]
        self.with_command(["up", *listening, *named, *self._arguments])

    @property
    def url(self) -> str:
        """Where the container is reached, `http://host:port`."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(HTTP_PORT)}"

    @property
    def grpc(self) -> str:
        """The address for gRPC clients, `host:port`."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(GRPC_PORT)}"

    @property
    def auth_url(self) -> str:
        """Keystone's address of the default cloud."""
        return identity_url(self.url, "default")

    @property
    def mopenstack(self) -> Mopenstack:
        """The process, as tests reach it: `container.mopenstack.ask("GET", "/status")`."""
        if self._reached is None:
            self._reached = Mopenstack(self.url, token=self.admin_token)
        return self._reached

    def cloud(self, name: str = "", **choices: Any) -> Cloud:
        """A fresh cloud, with the choices of the marker `mopenstack` of pytest: profile, seed, snapshot, options."""
        made = self.mopenstack.cloud(Path(self._files.name) / str(len(self._clouds)), name, **choices)
        self._clouds.append(made)
        return made

    def start(self) -> Self:
        """Start it, and wait until it answers; raises TimeoutError with its log."""
        super().start()
        return self

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Delete the clouds and remove the container."""
        while self._clouds:
            self._clouds.pop().close()
        if self._reached is not None:
            self._reached.close()
            self._reached = None
        super().stop(force, delete_volume)
        self._files.cleanup()


def _is_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
