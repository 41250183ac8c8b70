"""What every store offers to the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Set
from contextlib import AbstractAsyncContextManager

from mopenstack.core.store.base import Rows, StoreState, Template
from mopenstack.core.store.transaction import Transaction

Differing = tuple[str, str, bytes | None, bytes | None]


class Store(StoreState, ABC):
    """One database with the state of any number of clouds."""

    @abstractmethod
    async def open(self) -> None:
        """Connect and bring the schema up to date."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    def transaction(self, cloud: str, *, alone: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """All or nothing; raises Conflicted when it must be run again. `alone`: after all others that are alone."""

    @abstractmethod
    async def clouds(self) -> list[tuple[str, bytes]]:
        """Name and settings of every cloud in the store."""

    async def keep_template(self, rows: Rows) -> Template:
        """Rows (as `export_cloud` gave them) that many clouds will begin with."""
        return rows

    @abstractmethod
    async def create_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        """Add a cloud as a template (or what `export_cloud` gave) has it; raises CloudTaken.

        `folder`: one that `new_folder` named, where its bytes lie already.
        """

    @abstractmethod
    async def replace_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        """Put a template in the place of everything that a cloud holds, in one step; `folder` as for a new cloud."""

    async def copy_cloud(self, source: str, name: str, data: bytes) -> None:
        """Add a cloud that holds what another one holds now, in an exclusive store; raises CloudTaken."""
        raise NotImplementedError

    async def differing(self, one: str, other: str) -> list[Differing]:
        """Kind, id and data of each object that is not the same in two clouds; None: it is not there."""
        first, second = [
            {(row[0], row[1]): bytes(row[2]) for row in (await self.export_cloud(name)).get("resources", ())}
            for name in (one, other)
        ]
        places = sorted(first.keys() | second.keys())
        return [
            (*place, first.get(place), second.get(place)) for place in places if first.get(place) != second.get(place)
        ]

    def template_of(self, name: str) -> Template:
        """What a cloud of an exclusive store holds, for others to begin with. The cloud must never change again."""
        return self.chains[name][0]

    def folder(self, name: str) -> str:
        """Where new bytes of a cloud go. Bytes elsewhere may be those of other clouds too."""
        return self.chains[name][0].name

    def new_folder(self, name: str) -> str:
        """Where the bytes of a cloud go that is about to be made."""
        return name

    def folders(self, name: str) -> list[str]:
        """Where bytes of a cloud may be."""
        return [layer.name for layer in self.chains[name]]

    async def save_cloud(self, name: str, data: bytes) -> None:
        """Write the settings of a cloud of an exclusive store."""
        raise NotImplementedError

    async def change_cloud(self, name: str, change: Callable[[bytes], bytes]) -> bool:
        """Replace a cloud's settings in a shared store by what they are changed to; false: there is no such cloud."""
        raise NotImplementedError

    async def mentioned(self, keys: Set[str]) -> set[str]:
        """Which of these keys of bytes the objects of any cloud hold; of an exclusive store."""
        raise NotImplementedError

    @abstractmethod
    async def delete_cloud(self, name: str) -> bool:
        """Remove a cloud and all that is in it; false: there is none."""

    @abstractmethod
    async def export_cloud(self, name: str) -> Rows:
        """Table name -> rows of the cloud, without the cloud's name."""
