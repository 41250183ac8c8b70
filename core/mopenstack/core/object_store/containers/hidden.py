"""Where the cluster keeps versions, and how they are named.

The newest version of an object comes first in the order of names: its time counts down.
"""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.core.object_store import times
from mopenstack.core.object_store.requests import Request

DELETED = "application/x-deleted;swift_versions_deleted=1"
"""The type of the version that a DELETE leaves."""
_MARK = "\x01"
_END = 999999999999999
"""The last moment, in steps of ten microseconds."""


def hidden_id(req: Request) -> str:
    """The id of the container with the versions of a request's container."""
    return f"{req.account}{_MARK}/{req.container}"


def version_id(stamp: Timestamp) -> str:
    """1795852005.63394."""
    return times.normal(stamp)


def version_name(name: str, version: str) -> str:
    """The name of a version in the hidden container."""
    return f"{name}{_MARK}{_END - round(float(version) * 100_000):015d}"


@dataclass(frozen=True, slots=True)
class Version:
    """A version's object name and id."""

    name: str
    id: str

    @classmethod
    def of(cls, name: str) -> Version:
        """What the name in the hidden container says."""
        own, _, count = name.rpartition(_MARK)
        return cls(own, f"{(_END - int(count)) / 100_000:016.5f}")

    @staticmethod
    def is_id(text: str) -> bool:
        """Whether a text can be the id of a version."""
        whole, _, rest = text.partition(".")
        return len(text) < 20 and whole.isdecimal() and (not rest or rest.isdecimal()) and text.isascii()
