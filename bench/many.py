"""Does a request cost more where there is more: 20,000 servers beside 100."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from cloud import Cloud
from sampling import Note, milliseconds

FEW, MANY = 100, 20_000
TIMES = 20
PEER = f"with {FEW}"
HOSTS = """
- {like: devstack}
- call: RegisterHypervisor
  times: 100
  request: {hypervisor: {hypervisor_hostname: "node-${number}", hypervisor_type: QEMU, hypervisor_version: 8002002,
    host_ip: "10.100.0.${number}", vcpus: 128, memory_mb: 524288, local_gb: 4096}}
"""
"""A seed with room for them."""
_asked = count()
"""A number for each request."""


def measure(note: Note, rounds: int) -> None:
    """In two processes, which take turns in each round."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=Path.cwd()) as seed, ExitStack() as closing:
        seed.write(HOSTS)
        seed.flush()
        clouds: dict[str, tuple[Cloud, str]] = {}
        for number, server in ((FEW, PEER), (MANY, "mopenstack")):
            cloud = Cloud("--seed", seed.name)
            closing.callback(cloud.peer.stop)
            cloud.client.send("POST", "/compute/v2.1/servers", cloud.body("none", name="the one"))
            cloud.fill(number)
            clouds[server] = cloud, cloud.boot()
        for _ in range(rounds):
            for server, (cloud, id) in clouds.items():
                _round(note, cloud, server, id)


def _round(note: Note, cloud: Cloud, server: str, id: str) -> None:
    asked = {
        f"first page of 50 of {MANY} servers (ms)": "/compute/v2.1/servers/detail?limit=50",
        f"a server by its name among {MANY} (ms)": "/compute/v2.1/servers/detail?name=^the%20one$",
        f"GET of a server among {MANY} (ms)": f"/compute/v2.1/servers/{id}",
    }
    for figure, path in asked.items():

        def ask(path: str = path) -> None:
            # Another one each time: what is kept of the last answer is not what is measured.
            cloud.client.send("GET", path, **{"X-Openstack-Request-Id": f"req-{next(_asked)}"})

        note(figure, server, milliseconds(ask, TIMES))
    made: list[str] = []
    note(f"POST of a server among {MANY} (ms)", server, milliseconds(lambda: made.append(cloud.boot()), TIMES))
    while made:
        cloud.delete_last(made)
