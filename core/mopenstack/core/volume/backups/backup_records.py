"""Records of backups: what export tells and import reads, JSON in base64.

Source: cinder/objects/backup.py `encode_record`, `decode_record`; backup/manager.py `import_record`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from google.protobuf import json_format

from mopenstack.core.volume.base import CONTROLLER
from mopenstack.volume.v3.backups.backups_pb2 import Backup
from mopenstack.volume.v3.refusals import InvalidInput

PLAIN = ("id", "size", "object_count", "volume_id", "project_id", "user_id")
OPTIONAL = ("availability_zone", "container", "snapshot_id", "fail_reason")
NAMES = {"display_name": "name", "display_description": "description"}
TIMES = ("created_at", "updated_at", "data_timestamp")


def encode(backup: Backup) -> str:
    """Everything that a backup is, under the names of cinder's object."""
    record: dict[str, Any] = {name: getattr(backup, name) for name in PLAIN}
    for name, field in (*((name, name) for name in OPTIONAL), *NAMES.items()):
        record[name] = getattr(backup, field) if backup.HasField(field) else None
    for name in TIMES:
        record[name] = getattr(backup, name).ToJsonString() if backup.HasField(name) else None
    record |= {
        "driver_info": {},
        "host": CONTROLLER,
        "status": "available",
        "metadata": dict(backup.metadata),
        "parent_id": backup.parent_id or None,
        "num_dependent_backups": int(backup.has_dependent_backups),
        "restore_volume_id": None,
        "temp_volume_id": None,
        "temp_snapshot_id": None,
        "encryption_key_id": None,
        "service_metadata": None,
        "deleted": False,
        "deleted_at": None,
    }
    return base64.b64encode(json.dumps(record).encode()).decode()


def decode(text: str) -> dict[str, Any]:
    """The record of a backup; raises InvalidInput for what is none."""
    try:
        record = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidInput(why="Can't decode backup record.") from None
    except ValueError:
        raise InvalidInput(why="Can't parse backup record.") from None
    if not isinstance(record, dict):
        raise InvalidInput(why="Can't parse backup record.")
    if not isinstance(record.get("id"), str):
        raise InvalidInput(why="Provided backup record is missing an id")
    if not isinstance(record.get("size"), int) or not 0 <= record["size"] <= 0x7FFFFFFF:
        raise InvalidInput(why="Provided backup record is missing size attribute")
    return record


def apply(backup: Backup) -> None:
    """Make an imported backup what its record says; its owner is the project that imported it."""
    record, backup.record = decode(backup.record), ""
    for name, field in (*((name, name) for name in ("volume_id", *OPTIONAL)), *NAMES.items()):
        if isinstance(record.get(name), str):
            setattr(backup, field, record[name])
    if isinstance(record.get("object_count"), int):
        backup.object_count = record["object_count"]
    if isinstance(record.get("metadata"), dict):
        backup.metadata.update({str(key): str(value) for key, value in record["metadata"].items()})
    backup.parent_id = str(record.get("parent_id") or "")
    backup.is_incremental = bool(backup.parent_id)
    if isinstance(record.get("data_timestamp"), str):
        try:
            json_format.Parse(json.dumps(record["data_timestamp"]), backup.data_timestamp)
        except json_format.ParseError:
            backup.ClearField("data_timestamp")
