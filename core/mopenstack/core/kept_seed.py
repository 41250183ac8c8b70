"""The rows that the seed of the services makes, kept for the next start (mopenstack.contract.kept).

They are what the same code would make again. Kept are those of the services' own seeds alone: a user's seed names files
that change, and what is encrypted with the master key of one store is nothing to another.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import orjson

from mopenstack.contract import kept
from mopenstack.contract.contract import Contract
from mopenstack.contract.service import packages_of
from mopenstack.core.engine.administration import SEED_FOLDER, Made
from mopenstack.core.store.base import Rows
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey

NAME = "seed"
BLOB_BYTES_MAX = 16 * 1024**2
"""More bytes than these, all together, are made again instead."""
_LEVEL = 1


class KeptSeed:
    """The template of the clouds of a contract's services."""

    def __init__(self, contract: Contract, master_key: MasterKey) -> None:
        self._services = contract.services
        self._master_key = master_key

    @property
    def _key(self) -> str:
        return kept.key_of(kept.code_of(packages_of(self._services)), self._services)

    async def read(self, blobs: Blobs) -> Made | None:
        """What it made, with its bytes stored; None where nothing is kept."""
        data = kept.read(NAME, self._key)
        if data is None:
            return None
        document = orjson.loads(data)
        for key, text in document["blobs"].items():
            if blobs.size(key) < 0:
                blobs.put(key, zlib.decompress(base64.b64decode(text)))
        rows: Rows = {}
        for table, found in document["rows"].items():
            for place in found["bytes"]:
                for row in found["rows"]:
                    row[place] = base64.b64decode(row[place])
            rows[table] = found["rows"]
        return Made(rows, document["options"])

    async def write(self, made: Made, blobs: Blobs) -> None:
        """Keep what it made, and its bytes, if another process may have them."""
        keys = blobs.keys(SEED_FOLDER)
        if self._master_key.is_used or sum(blobs.size(key) for key in keys) > BLOB_BYTES_MAX:
            return
        document: dict[str, Any] = {"blobs": {}, "rows": {}, "options": made.options}
        for key in sorted(keys):
            data = b"".join([chunk async for chunk in blobs.read(key)])
            document["blobs"][key] = base64.b64encode(zlib.compress(data, _LEVEL)).decode()
        for table, found in made.rows.items():
            columns = range(len(found[0])) if found else ()
            places = [place for place in columns if any(isinstance(row[place], bytes) for row in found)]
            document["rows"][table] = {"bytes": places, "rows": [_encoded(row, places) for row in found]}
        kept.write(NAME, self._key, orjson.dumps(document))


def _encoded(row: Any, places: list[int]) -> list[Any]:
    return [base64.b64encode(value).decode() if place in places else value for place, value in enumerate(row)]
