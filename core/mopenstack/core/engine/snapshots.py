"""Snapshots and copies of clouds.

A snapshot is kept in the store as a cloud that is never served: its name cannot be a cloud's. In an exclusive store it
shares its layers with the cloud that it was taken of; in a shared one its rows and bytes are copies.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet

from mopenstack.contract.faults import Conflict, Fault, NotFound
from mopenstack.core.engine.administration import SEED_FOLDER, BadCloudName, CloudExists
from mopenstack.core.engine.cloud_rows import change_keys, keys_in, rows_of, state_of
from mopenstack.core.engine.clouds import Cloud, Ids, valid_name
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.regions import whole
from mopenstack.core.store.base import CloudTaken, Template
from mopenstack.store.v1.store_pb2 import CloudState

PREFIX = "snapshot@"
CLOUD = "cloud:"
"""What stands before the name of a cloud where a snapshot can be named too."""


class SnapshotExists(Conflict):
    message = "There is a snapshot named {name} already."


class SnapshotNotFound(NotFound):
    message = "There is no snapshot named {name}."


class BadSnapshotName(Fault):
    code = "INVALID_ARGUMENT"
    message = "{name!r} cannot name a snapshot: use lower-case letters, digits and dashes, 63 at most."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is kept of a cloud. `settings` are those of the cloud, as `Cloud.dump` wrote them."""

    name: str
    cloud: str
    created_at: float
    description: str
    settings: dict[str, Any]

    def dump(self) -> bytes:
        about = {"cloud": self.cloud, "created_at": self.created_at, "description": self.description}
        return json.dumps({**self.settings, "snapshot": about}).encode()

    @classmethod
    def load(cls, name: str, data: bytes) -> Snapshot:
        settings = json.loads(data)
        about = settings.pop("snapshot")
        return cls(name, about["cloud"], about["created_at"], about["description"], settings)


class Snapshots:
    """Of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._store = engine, engine.store

    async def save(self, cloud_name: str, name: str, description: str = "", *, replace: bool = False) -> Snapshot:
        """Keep what a cloud is now; raises SnapshotExists."""
        cloud = whole(await self._engine.find_cloud(cloud_name))
        _check_name(name)
        if replace and await self._find(name) is not None:
            await self.delete(name)
        settings = json.loads(cloud.dump())
        snapshot = Snapshot(name, cloud.name, time.time(), description, settings)
        try:
            await self._copy(cloud, PREFIX + name, snapshot.dump())
        except CloudTaken:
            raise SnapshotExists(name=name) from None
        return snapshot

    async def all(self) -> list[Snapshot]:
        """By name."""
        found = await self._store.clouds()
        return [Snapshot.load(name[len(PREFIX) :], data) for name, data in found if name.startswith(PREFIX)]

    async def get(self, name: str) -> Snapshot:
        """Raises SnapshotNotFound."""
        found = await self._find(name)
        if found is None:
            raise SnapshotNotFound(name=name)
        return found

    async def delete(self, name: str) -> None:
        """Clouds that were made from it stay."""
        await self.get(name)
        if not await self._store.delete_cloud(PREFIX + name):
            raise SnapshotNotFound(name=name)

    async def load(self, cloud_name: str, name: str) -> Cloud:
        """Bring a cloud back to a snapshot. Ids go on, and the key of tokens and what the journal keeps stay."""
        old, snapshot = whole(await self._engine.find_cloud(cloud_name)), await self.get(name)
        cloud = self._cloud(old.name, snapshot.settings)
        cloud.key, cloud.ids, cloud.journal = old.key, old.ids, old.journal
        await self._engine.replace_cloud(cloud, lambda: self._template(PREFIX + name, cloud))
        return cloud

    async def fork(self, source: str, name: str) -> Cloud:
        """A new cloud that is what a snapshot is, or another cloud (`cloud:NAME`); raises CloudExists."""
        if not valid_name(name):
            raise BadCloudName(name=name)
        cloud: Cloud
        try:
            if source.startswith(CLOUD):
                origin = whole(await self._engine.find_cloud(source[len(CLOUD) :]))
                cloud = self._new_cloud(name, json.loads(origin.dump()))
                await self._copy(origin, name, cloud.dump())
            else:
                snapshot = await self.get(source)
                cloud = self._new_cloud(name, snapshot.settings)
                template = await self._template(PREFIX + source, cloud)
                await self._store.create_cloud(name, cloud.dump(), template)
        except CloudTaken:
            raise CloudExists(name=name) from None
        self._engine.serve(cloud)
        return cloud

    async def place(self, named: str) -> str:
        """The name under which the store has a snapshot, or a cloud (`cloud:NAME`)."""
        if named.startswith(CLOUD):
            return whole(await self._engine.find_cloud(named[len(CLOUD) :])).name
        await self.get(named)
        return PREFIX + named

    async def state(self, name: str) -> tuple[CloudState, list[str]]:
        """All that a snapshot holds, and the keys of its bytes."""
        state = state_of(await self._store.export_cloud(PREFIX + name))
        return state, keys_in(state, self._keys(PREFIX + name))

    async def keep(self, snapshot: Snapshot, state: CloudState, folder: str) -> None:
        """Keep a snapshot that was read from a file, whose bytes are in a folder already; raises SnapshotExists."""
        await self._engine.registry.contract.ready()
        rows = rows_of(state, self._engine.registry.contract.resources)
        try:
            await self._store.create_cloud(PREFIX + snapshot.name, snapshot.dump(), rows, folder)
        except CloudTaken:
            raise SnapshotExists(name=snapshot.name) from None

    async def check_new(self, name: str) -> None:
        """Raises SnapshotExists, BadSnapshotName."""
        _check_name(name)
        if await self._find(name) is not None:
            raise SnapshotExists(name=name)

    def new_folder(self, name: str) -> str:
        """Where the bytes of a snapshot go that is read from a file."""
        return self._store.new_folder(PREFIX + name)

    # -- inside

    async def _find(self, name: str) -> Snapshot | None:
        return next((one for one in await self.all() if one.name == name), None)

    def _cloud(self, name: str, settings: dict[str, Any]) -> Cloud:
        return Cloud.load(name, json.dumps(settings).encode())

    def _new_cloud(self, name: str, settings: dict[str, Any]) -> Cloud:
        """With a key of its own, and other ids than the cloud that it is copied from will give."""
        cloud = self._cloud(name, settings)
        cloud.key = Fernet.generate_key()
        if cloud.ids.seed is not None:
            cloud.ids = Ids(zlib.crc32(f"{cloud.ids.seed}/{name}".encode()))
        return cloud

    async def _copy(self, source: Cloud, name: str, data: bytes) -> None:
        if self._store.exclusive:
            await self._store.copy_cloud(source.name, name, data)
            source.folder = self._store.folder(source.name)
        else:
            await self._store.create_cloud(name, data, await self._copied(source.name, name))

    async def _template(self, place: str, cloud: Cloud) -> Template:
        return self._store.template_of(place) if self._store.exclusive else await self._copied(place, cloud.name)

    async def _copied(self, place: str, name: str) -> Template:
        """The rows of a cloud of a shared store for another one, which has copies of its bytes."""
        state = state_of(await self._store.export_cloud(place))
        changes = {}
        for key in keys_in(state, self._keys(place)):
            if not key.startswith(f"{SEED_FOLDER}/"):
                changes[key] = f"{name}/{Ids().uuid()}"
                await self._engine.blobs.write(changes[key], self._engine.blobs.read(key), sha512=False)
        await self._engine.registry.contract.ready()
        resources = self._engine.registry.contract.resources
        change_keys(state, changes, resources)
        return rows_of(state, resources)

    def _keys(self, place: str) -> Iterable[str]:
        folders = (*self._store.folders(place), SEED_FOLDER)
        return [key for folder in folders for key in self._engine.blobs.keys(folder)]


def _check_name(name: str) -> None:
    if not valid_name(name):
        raise BadSnapshotName(name=name)
