"""Where a dialect is reached beside its own paths: in the words of another API, and by the names of hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class OtherAddresses:
    """Nothing else, unless a dialect says so."""

    front: ClassVar[str] = ""
    """"module:Class" of what answers requests in the words of another API that the service takes, at any path."""

    signed: ClassVar[bool] = False
    """Whether a request of its own paths is its own though it has an AWS signature; else it may be one of S3's."""

    def fronted(self, headers: Mapping[str, str], raw_query: str) -> bool:
        """Whether a request is in the words of that other API."""
        return False

    domain: ClassVar[str] = ""
    """The end of hosts whose names are the beginning of a path."""

    def below(self, names: Sequence[str]) -> str | None:
        """The path that the names in front of the domain are; "" where they are too many, None for those of no path."""
