"""The image of a config drive: an ISO 9660 with Joliet and Rock Ridge, or a FAT file system of 64 MiB.

Source: nova.virt.configdrive.ConfigDriveBuilder.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import NotServed

ISO9660, VFAT = "iso9660", "vfat"
LABEL = "config-2"
VFAT_BYTES = 64 * 1024**2


async def stream(files: dict[str, bytes], format: str) -> ByteStream:
    """The image of a drive with these files (path -> content) as an answer; raises NotServed."""
    try:
        image = await asyncio.to_thread(_MAKERS[format], files)
    except ModuleNotFoundError as error:
        raise NotServed(f"Config drives need {error.name}: pip install 'mopenstack[config-drive]'") from None
    return ByteStream.of(image, _TYPES[format])


def _folders(files: dict[str, bytes]) -> list[str]:
    """All folders of paths, parents first."""
    found = {str(parent) for path in files for parent in Path(path).parents if str(parent) != "."}
    return sorted(found, key=lambda path: (path.count("/"), path))


def _iso(files: dict[str, bytes]) -> bytes:
    import pycdlib

    drive = pycdlib.PyCdlib()
    drive.new(interchange_level=4, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    for folder in _folders(files):
        drive.add_directory(f"/{folder}", rr_name=folder.rpartition("/")[2], joliet_path=f"/{folder}")
    for path, content in files.items():
        name = path.rpartition("/")[2]
        drive.add_fp(io.BytesIO(content), len(content), f"/{path}", rr_name=name, joliet_path=f"/{path}")
    written = io.BytesIO()
    drive.write_fp(written)
    drive.close()
    return written.getvalue()


def _vfat(files: dict[str, bytes]) -> bytes:
    from pyfatfs.PyFat import PyFat
    from pyfatfs.PyFatFS import PyFatFS

    with tempfile.NamedTemporaryFile(suffix=".vfat") as place:
        made = PyFat()
        made.mkfs(place.name, fat_type=PyFat.FAT_TYPE_FAT16, size=VFAT_BYTES, label=LABEL)
        made.close()
        drive = PyFatFS(place.name)
        for folder in _folders(files):
            drive.makedir(f"/{folder}")
        for path, content in files.items():
            drive.writebytes(f"/{path}", content)
        drive.close()
        return Path(place.name).read_bytes()


_MAKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {ISO9660: _iso, VFAT: _vfat}
_TYPES = {ISO9660: "application/x-iso9660-image", VFAT: "application/octet-stream"}
