"""A store that this process alone writes to, whose clouds are made of layers: a new one, and a copy, cost nothing."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Set
from contextlib import AbstractAsyncContextManager
from typing import Any

from mopenstack.core.store.base import CloudTaken, Rows, Template
from mopenstack.core.store.layered import Layered
from mopenstack.core.store.layers import Layer
from mopenstack.core.store.store import Differing, Store
from mopenstack.core.store.transaction import Transaction
from mopenstack.core.store.turns import Turn


class LayeredTransaction(ABC):
    """The block of one transaction; a class, since a generator costs as much as the transaction."""

    __slots__ = ("_cloud", "_due", "_session", "_store", "_transaction")
    _session: Any

    def __init__(self, store: LayeredStore, cloud: str) -> None:
        self._store, self._cloud = store, cloud

    @abstractmethod
    def _begin(self) -> Any:
        """The session."""

    @abstractmethod
    async def _commit(self) -> None:
        """Write what the transaction did; raises StoreFull."""

    @abstractmethod
    def _undo(self) -> None:
        """Leave nothing of what it wrote."""

    async def __aenter__(self) -> Transaction:
        store = self._store
        await store.lock.acquire()
        self._session = self._begin()
        self._due = store.next_due.get(self._cloud)
        self._transaction = Transaction(store, self._session, self._cloud)
        return self._transaction

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        store, done = self._store, False
        try:
            if error is None:
                await self._commit()
                self._transaction.committed()
                done = True
        finally:
            if not done:
                self._undo()
                if self._due is None:
                    store.next_due.pop(self._cloud, None)
                else:
                    store.next_due[self._cloud] = self._due
            store.lock.release()


class LayeredStore(Store):
    """One transaction at a time holds the lock; it is short, since nothing that waits for the outside happens in it."""

    exclusive = keeps = True
    layered: Layered

    def __init__(self) -> None:
        super().__init__()
        self.lock = Turn()

    @abstractmethod
    def _writing(self) -> AbstractAsyncContextManager[None]:
        """All or nothing, outside of a cloud's own transactions."""

    @abstractmethod
    def _settings_of(self, name: str) -> bytes | None:
        """The settings of a cloud; None where there is none of that name."""

    @abstractmethod
    def _put_cloud(self, name: str, data: bytes) -> None:
        """Write the settings of a cloud."""

    @abstractmethod
    def _remove_cloud(self, name: str) -> None:
        """Remove the settings of a cloud."""

    @abstractmethod
    def _objects(self) -> Iterable[bytes]:
        """The bytes of every object."""

    async def save_cloud(self, name: str, data: bytes) -> None:
        async with self._writing():
            self._put_cloud(name, data)

    async def keep_template(self, rows: Rows) -> Template:
        layer = self.layered.new("template@")
        layer.users = 1
        async with self._writing():
            self.layered.fill(layer, rows)
        self.layered.added(layer)
        return layer

    async def create_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing():
            self._must_be_new(name)
            layer = self._plant(name, data, template, folder)
        self.layered.added(layer, name)

    async def replace_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing():
            layer = self._plant(name, data, template, folder)
            dropped = self.layered.drop(self.chains[name][0])
        self.layered.dropped(name, dropped)
        self.forget_cloud(name)
        self.layered.added(layer, name)

    async def copy_cloud(self, source: str, name: str, data: bytes) -> None:
        async with self._writing():
            self._must_be_new(name)
            top, again = self.chains[source][0], None
            below = top.below if top.below is not None and self.layered.is_empty(top) else top
            if below is top:
                self.layered.freeze(top)
                again = self.layered.new(source, top)
                self.layered.add(again, source, top)
            layer = self.layered.new(name, below)
            self.layered.add(layer, name, top)
            self._put_cloud(name, data)
        if again is not None:
            self.layered.added(again, source)
        self.layered.added(layer, name)

    async def delete_cloud(self, name: str) -> bool:
        async with self._writing():
            found = self._settings_of(name) is not None
            self._remove_cloud(name)
            dropped = self.layered.drop(self.chains[name][0]) if found else []
        self.layered.dropped(name, dropped)
        self.forget_cloud(name)
        return found

    def _must_be_new(self, name: str) -> None:
        if self._settings_of(name) is not None:
            raise CloudTaken(name)

    def new_folder(self, name: str) -> str:
        return self.layered.new(name).name

    def _plant(self, name: str, data: bytes, template: Template, folder: str = "") -> Layer:
        """Write a cloud as a template has it; its top layer."""
        if isinstance(template, Layer):
            layer = self.layered.new(name, template)
            self.layered.add(layer, name, template)
        else:
            layer = Layer(folder) if folder else self.layered.new(name)
            self.layered.fill(layer, template, name)
        self._put_cloud(name, data)
        return layer

    async def export_cloud(self, name: str) -> Rows:
        async with self.lock:
            return self.layered.export(self.chains[name][0])

    async def differing(self, one: str, other: str) -> list[Differing]:
        async with self.lock:
            return list(self.layered.differing(self.chains[one][0], self.chains[other][0]))

    async def mentioned(self, keys: Set[str]) -> set[str]:
        # As bytes in the messages: which field of which kind keeps a key, its service alone knows.
        wanted, lengths = {key.encode() for key in keys}, {len(key.encode()) for key in keys}
        folders = sorted({re.escape(key.partition("/")[0]) for key in keys})
        found: set[bytes] = set()
        start = re.compile(f"(?:{'|'.join(folders)})/".encode())
        for data in self._objects() if keys else ():
            for place in start.finditer(data):
                found |= wanted.intersection(data[place.start() : place.start() + length] for length in lengths)
        return {key.decode() for key in found}
