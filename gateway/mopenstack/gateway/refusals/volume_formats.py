"""The formats of Cinder's schemas, which have words of their own. Source: cinder/api/validation/validators.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from mopenstack.gateway.refusals.formats import Ended, Format, Said, is_base64, is_uuid

LONGEST = 255
LOG_LEVELS = ("DEBUG", "INFO", "WARN", "WARNING", "ERROR")
_OF_SNAPSHOTS = ("error", "available", "creating", "deleting", "deleted", "updating", "error_deleting")
_OF_GROUPS = ("error", "available", "creating", "deleting", "deleted", "updating", "in-use", "error_deleting")
_OF_VOLUMES = (
    "creating", "available", "deleting", "error", "error_deleting", "error_managing", "managing", "attaching", "in-use",
    "detaching", "maintenance", "restoring-backup", "error_restoring", "reserved", "awaiting-transfer", "backing-up",
    "error_backing-up", "error_extending", "downloading", "uploading", "retyping", "extending",
)  # fmt: skip
_OF_MIGRATIONS = ("migrating", "error", "success", "completing", "none", "starting")


def _length(value: Any, name: str, least: int) -> str:
    """oslo_utils.strutils.check_string_length"""
    if not isinstance(value, str):
        return f"{name} is not a string or unicode"
    if len(value) < least:
        return f"{name} has {len(value)} characters, less than {least}."
    if len(value) > LONGEST:
        return f"{name} has {len(value)} characters, more than {LONGEST}."
    return ""


def _stripped(name: str, ends: bool = True, mandatory: bool = False, least: int = 0) -> Format:
    """A text whose length counts without the spaces at its ends."""

    def holds(value: Any) -> bool:
        if not value and mandatory and not ends:
            return False
        if not value and mandatory:
            raise Ended(f"The '{name}' can not be None.")
        wrong = _length(value.strip() if isinstance(value, str) else value, name, least) if value else ""
        if wrong and ends:
            raise Ended(f"Invalid input received: {wrong}")
        return not wrong

    return holds


def _name(limit: bool) -> Format:
    def holds(value: Any) -> bool:
        text = value.strip() if isinstance(value, str) else ""
        wrong = "be None" if not value else "be empty" if not text else ""
        if limit and len(text) > LONGEST:
            wrong = f"be greater than {LONGEST} characters"
        if wrong:
            raise Said(f"An invalid 'name' value was provided. The 'name' can not {wrong}.")
        return True

    return holds


def _status(what: str, known: Collection[str], empty: bool, shown: Any = None) -> Format:
    """`empty`: whether no status is one."""

    def holds(value: Any) -> bool:
        if (value or not empty) and str(value or "").lower() not in known:
            raise Ended(f"{what} status: {value} is invalid, valid statuses are: {shown or known}.")
        return True

    return holds


def _group_status(prefix: str, what: str, verb: str, shown: Any) -> Format:
    def holds(value: Any) -> bool:
        if not value.strip():
            raise Ended(f"{prefix}: The 'status' can not be empty.")
        if value.lower() not in _OF_SNAPSHOTS:
            raise Ended(f"{prefix}: {what} status: {value} is invalid, valid {verb}: {shown}.")
        return True

    return holds


def _reset(value: Any) -> bool:
    if not any(value.get(key) for key in ("status", "attach_status", "migration_status")):
        raise Ended("Must specify 'status', 'attach_status' or 'migration_status' for update.")
    return True


def _progress(value: Any) -> bool:
    if value:
        try:
            number = int(value[:-1])
        except ValueError:
            raise Ended("Invalid input received: progress must be an integer percentage") from None
        if not 0 <= number <= 100 or value[-1] != "%":
            raise Ended("Invalid input received: progress must be an integer percentage between 0 and 100")
    return True


def _level(value: Any) -> bool:
    if (value or "").upper() not in LOG_LEVELS:
        raise Ended(f"Invalid input received: {value or ''} is not a valid log level.")
    return True


def _key_size(value: Any) -> bool:
    if value is not None and str(value) != _as_integer(value):
        raise Ended("Invalid input received: key_size must be an integer.")
    return True


def _as_integer(value: Any) -> str:
    try:
        return str(int(value))
    except (TypeError, ValueError):
        return ""


def _guarded(holds: Callable[[Any], bool], kinds: type | tuple[type, ...]) -> Format:
    """Of values of another type the schema's `type` has said enough."""
    return lambda value: not isinstance(value, kinds) or holds(value)


CINDER: Mapping[str, Format] = {
    "uuid": is_uuid,
    "base64": lambda value: isinstance(value, str) and is_base64(value),
    "name": _name(limit=False),
    "name_skip_leading_trailing_spaces": _name(limit=True),
    "group_snapshot_status": _guarded(
        _group_status("Invalid GroupSnapshot Status", "Group snapshot", "statuses are", _OF_SNAPSHOTS), str
    ),
    "group_status": _guarded(_group_status("Invalid Group Status", "Group", "status are", _OF_GROUPS), str),
    "progress": _guarded(_progress, str),
    "disabled_reason": _stripped("disabled_reason", ends=False, least=1),
    "name_non_mandatory_remove_white_spaces": _stripped("name"),
    "description_non_mandatory_remove_white_spaces": _stripped("description"),
    "availability_zone": lambda value: (
        value is None or _stripped("availability_zone", mandatory=True, least=1)(value)
    ),
    "group_type": _stripped("group_type", ends=False, mandatory=True, least=1),
    "level": _guarded(_level, str),
    "validate_volume_reset_body": _guarded(_reset, dict),
    "volume_status": _guarded(_status("Volume", _OF_VOLUMES, empty=True), str),
    "volume_attach_status": _guarded(
        _status("Volume attach", ("attached", "detached"), empty=True, shown=["attached", "detached"]), str
    ),
    "volume_migration_status": _guarded(_status("Volume migration", _OF_MIGRATIONS, empty=True), str),
    "snapshot_status": _status("Snapshot", (*_OF_SNAPSHOTS, "unmanaging", "backing-up", "restoring"), empty=False),
    "backup_status": _status("Backup", ("available", "error"), empty=False, shown=["available", "error"]),
    "key_size": _key_size,
    "mysql_text": _guarded(lambda value: len(value.encode()) <= 65535, str),
}  # fmt: skip
"""`quota_set` and `quota_class_set` depend on the cloud's volume types: the core checks them."""
