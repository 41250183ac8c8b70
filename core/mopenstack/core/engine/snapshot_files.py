"""A snapshot as a file: a tar archive that later versions read too.

    snapshot.json   format, version of mopenstack, name, cloud, times, settings, and of each blob: key, size, path
    state.binpb     mopenstack.store.v1.CloudState
    blobs/<number>  bytes of images and objects, in the order of snapshot.json; none where they are named by reference

Format 1 is the only one so far; a file of a newer one is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from google.protobuf.message import DecodeError

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.administration import SEED_FOLDER
from mopenstack.core.engine.cloud_rows import change_keys
from mopenstack.core.engine.clouds import Ids
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.snapshots import Snapshot, Snapshots
from mopenstack.core.store.blobs import CHUNK_BYTES
from mopenstack.store.v1.store_pb2 import CloudState

FORMAT = 1
BLOCK = tarfile.BLOCKSIZE
FILE_BYTES_MAX = 64 * 1024**3
STATE_BYTES_MAX = 1024**3
MANIFEST_BYTES_MAX = 64 * 1024**2


class BadFile(BadRequest):
    message = "This is no snapshot of mopenstack that can be read: {why}."


class NoReferences(BadRequest):
    message = "Bytes are in this process's memory, so a file cannot refer to them: include them."


async def written(snapshots: Snapshots, engine: Engine, name: str, *, include: bool) -> AsyncIterator[bytes]:
    """The file of a snapshot, piece by piece; raises SnapshotNotFound, NoReferences before the first one."""
    snapshot = await snapshots.get(name)
    state, keys = await snapshots.state(name)
    sizes = [engine.blobs.size(key) for key in keys]
    blobs: list[dict[str, Any]] = [{"key": key, "size": size} for key, size in zip(keys, sizes, strict=True)]
    for blob in blobs if not include else ():
        path = engine.blobs.path(blob["key"])
        if path is None:
            raise NoReferences
        blob |= {"path": str(path), "sha512": await asyncio.to_thread(_digest, path)}
    manifest = {
        "format": FORMAT,
        "version": version("mopenstack"),
        "name": snapshot.name,
        "cloud": snapshot.cloud,
        "created_at": snapshot.created_at,
        "description": snapshot.description,
        "settings": {name: value for name, value in snapshot.settings.items() if name != "key"},
        "blobs": blobs,
    }
    data = await asyncio.to_thread(state.SerializeToString, deterministic=True)

    async def pieces() -> AsyncIterator[bytes]:
        yield _member("snapshot.json", json.dumps(manifest, indent=1).encode())
        yield _member("state.binpb", data)
        for number, (key, size) in enumerate(zip(keys, sizes, strict=True) if include else ()):
            yield _header(f"blobs/{number}", size)
            async for chunk in engine.blobs.read(key, 0, size):
                yield chunk
            yield bytes(-size % BLOCK)
        yield bytes(2 * BLOCK)

    return pieces()


async def read(snapshots: Snapshots, engine: Engine, name: str, body: AsyncIterator[bytes]) -> Snapshot:
    """Keep the snapshot of a file under a name; raises SnapshotExists, BadFile. Nothing is left of a bad file."""
    await snapshots.check_new(name)
    with tempfile.TemporaryFile() as file:
        total = 0
        async for chunk in body:
            total += len(chunk)
            if total > FILE_BYTES_MAX:
                raise BadFile(why=f"it has more than {FILE_BYTES_MAX} bytes")
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        try:
            manifest, state, places = await asyncio.to_thread(_opened, file)
            snapshot = Snapshot(
                name,
                str(manifest["cloud"]),
                float(manifest["created_at"]),
                str(manifest["description"]),
                dict(manifest["settings"]) | {"key": ""},
            )
        except (tarfile.TarError, ValueError, KeyError, TypeError, DecodeError, OSError) as error:
            raise BadFile(why=str(error) or type(error).__name__) from None
        folder = snapshots.new_folder(name)
        try:
            await _take_bytes(engine, manifest["blobs"], file, places, state, folder)
            await snapshots.keep(snapshot, state, folder)
        except BaseException:
            engine.blobs.delete_folder(folder)
            raise
    return snapshot


async def load_file(engine: Engine, cloud: str, file: Path) -> None:
    """Bring a cloud to the snapshot of a file; raises BadFile, OSError."""
    snapshots, name = Snapshots(engine), f"file-{Ids().hex()}"
    with file.open("rb") as source:  # read in threads
        await read(snapshots, engine, name, _chunks(source, 0, os.fstat(source.fileno()).st_size))
    try:
        await snapshots.load(cloud, name)
    finally:
        await snapshots.delete(name)


def _opened(file: IO[bytes]) -> tuple[dict[str, Any], CloudState, dict[str, int]]:
    """What a file says, its state, and where in it each blob begins."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        members = {member.name: member for member in archive.getmembers()}
        manifest = json.loads(_content(archive, members["snapshot.json"], MANIFEST_BYTES_MAX))
        if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
            raise ValueError("snapshot.json has no format")
        if manifest["format"] > FORMAT:
            raise ValueError(f"it has format {manifest['format']}, of a newer mopenstack ({manifest.get('version')})")
        state = CloudState.FromString(_content(archive, members["state.binpb"], STATE_BYTES_MAX))
        places = {}
        for number, blob in enumerate(manifest["blobs"]):
            if "path" not in blob:
                member = members[f"blobs/{number}"]
                if member.size != blob["size"]:
                    raise ValueError(f"blobs/{number} has {member.size} bytes instead of {blob['size']}")
                places[blob["key"]] = member.offset_data
    return manifest, state, places


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    if member.size > most:
        raise ValueError(f"{member.name} has more than {most} bytes")
    found = archive.extractfile(member)
    if found is None:
        raise ValueError(f"{member.name} is no file")
    return found.read()


async def _take_bytes(
    engine: Engine, blobs: list[dict[str, Any]], file: IO[bytes], places: dict[str, int], state: CloudState, folder: str
) -> None:
    """Store the bytes of a file, under keys of the snapshot's own; those of the seed may be there."""
    changes: dict[str, str] = {}
    for blob in blobs:
        key, size = str(blob["key"]), int(blob["size"])
        if key.startswith(f"{SEED_FOLDER}/") and engine.blobs.size(key) >= 0:
            continue
        changes[key] = f"{folder}/{Ids().uuid()}"
        if "path" in blob:
            await _take_file(engine, changes[key], Path(blob["path"]), size, str(blob["sha512"]))
        else:
            await engine.blobs.write(changes[key], _chunks(file, places[key], size), sha512=False)
    await engine.registry.contract.ready()
    change_keys(state, changes, engine.registry.contract.resources)


async def _take_file(engine: Engine, key: str, path: Path, size: int, sha512: str) -> None:
    """Store the bytes of another file; those alone that the snapshot was taken of."""
    try:
        if await asyncio.to_thread(_digest, path) != sha512:
            raise BadFile(why=f"the bytes that it names, {path}, are not there any more")
        with path.open("rb") as source:  # read in threads
            await engine.blobs.write(key, _chunks(source, 0, size), sha512=False)
    except OSError as error:
        raise BadFile(why=f"the bytes at {path} cannot be read ({error.strerror})") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


async def _chunks(file: IO[bytes], start: int, size: int) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, start)
    while size:
        chunk = await asyncio.to_thread(file.read, min(size, CHUNK_BYTES))
        if not chunk:
            raise BadFile(why="bytes are missing at its end")
        size -= len(chunk)
        yield chunk


def _member(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content + bytes(-len(content) % BLOCK)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.PAX_FORMAT)
