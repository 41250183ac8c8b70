"""The tester's instruments: snapshots of a cloud of 1,000 resources, and what the journal costs reads."""

from __future__ import annotations

from functools import partial

from cloud import Cloud
from sampling import Note, get, load, milliseconds

JOURNAL_REQUESTS = 20_000
"""So many that a difference of a few parts in a hundred shows."""
RESOURCES = 1000
JOURNAL = "GET of a server with the journal of calls, 32 at once (1/s)"


def measure(note: Note, rounds: int) -> None:
    """Save, load, fork and diff; and reads with the journal and without it, taking turns."""
    cloud = Cloud()
    try:
        _snapshots(note, cloud, rounds)
        _journal(note, cloud, rounds)
    finally:
        cloud.peer.stop()


def _snapshots(note: Note, cloud: Cloud, rounds: int) -> None:
    cloud.fill(RESOURCES)
    ask, of_cloud = cloud.client.send, "/_mopenstack/clouds/default"
    for number in range(rounds):
        name = f"bench-{number}"
        save = partial(ask, "POST", f"{of_cloud}/snapshots", {"name": name})
        note(f"snapshot of {RESOURCES} servers (ms)", "mopenstack", milliseconds(save))
        made = [cloud.boot() for _ in range(3)]
        diff = partial(ask, "GET", f"/_mopenstack/diff?before={name}&after=cloud:default")
        note(f"diff of {RESOURCES} servers (ms)", "mopenstack", milliseconds(diff))
        back = partial(ask, "POST", f"{of_cloud}/snapshots/{name}/load")
        note(f"load of {RESOURCES} servers (ms)", "mopenstack", milliseconds(back))
        assert cloud.detail() == RESOURCES, f"{made} are there still"
        fork = partial(ask, "POST", f"{of_cloud}/fork", {"name": f"fork-{number}"})
        note(f"fork of {RESOURCES} servers (ms)", "mopenstack", milliseconds(fork))


def _journal(note: Note, cloud: Cloud, rounds: int) -> None:
    request = get(cloud.peer, f"/compute/v2.1/servers/{cloud.boot()}", cloud.token)
    both = (("mopenstack", "calls"), ("without it", "off"))
    for _ in range(rounds):
        for name, mode in (*both, *reversed(both)):  # so that neither has the later half
            cloud.client.send("PUT", "/_mopenstack/clouds/default/journal", {"mode": mode})
            note(JOURNAL, name, load(cloud.peer, request, JOURNAL_REQUESTS))
