"""Isolated clouds in one process: each with its own state, clock, ids, profile and faults."""

from __future__ import annotations

import json
import random
import re
import secrets
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.options import Option

Profile = Literal["instant", "realistic", "manual"]
PROFILES: tuple[Profile, ...] = ("instant", "realistic", "manual")

DEFAULT = "default"
"""The cloud that needs no naming."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def valid_name(name: str) -> bool:
    """A DNS label: it is part of addresses."""
    return _NAME.fullmatch(name) is not None


LAST = 253_000_000_000.0
"""In 9987: what is due later, or expires, is still in a year of four digits."""


@dataclass(slots=True)
class Clock:
    """The cloud's time in seconds since the epoch: real, scaled by `rate`, or standing still (rate 0)."""

    rate: float = 1.0
    shown: float = field(default_factory=time.time)
    real: float = field(default_factory=time.time)

    def time(self) -> float:
        return min(self.shown + (time.time() - self.real) * self.rate, LAST)

    def set(self, shown: float) -> None:
        """Show this time; raises BadRequest for one that no service can write."""
        if not 0 <= shown <= LAST:  # a NaN neither
            raise BadRequest("A clock shows a time between 1970 and 9999.")
        self.shown, self.real = shown, time.time()

    def advance(self, seconds: float) -> None:
        self.set(self.time() + seconds)

    def scale(self, rate: float) -> None:
        self.set(self.time())
        self.rate = rate


@dataclass(slots=True)
class Ids:
    """Random identifiers; with a seed the same ones in every run."""

    seed: int | None = None
    _random: random.Random | None = None

    def __post_init__(self) -> None:
        if self.seed is not None:
            self._random = random.Random(self.seed)  # noqa: S311  # reproducible on purpose

    def _bits(self, bits: int) -> int:
        return self._random.getrandbits(bits) if self._random else secrets.randbits(bits)

    def uuid(self) -> str:
        """With dashes, as Nova, Neutron, Glance and Cinder write ids."""
        return str(uuid.UUID(int=self._bits(128), version=4))

    def hex(self) -> str:
        """Without dashes, as Keystone writes ids."""
        return uuid.UUID(int=self._bits(128), version=4).hex

    def below(self, end: int) -> int:
        """A number in [0, end)."""
        return self._random.randrange(end) if self._random else secrets.randbelow(end)

    def word(self, length: int, alphabet: str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") -> str:
        """Letters and digits, as generated passwords have."""
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(length))


@dataclass(slots=True)
class FaultRule:
    """The next `count` calls of an operation fail with a named fault."""

    operation: str
    count: int
    code: str
    text: str

    def is_same(self, other: FaultRule) -> bool:
        """Whether it is the same rule, however often it was used."""
        return (self.operation, self.code, self.text) == (other.operation, other.code, other.text)


@dataclass(slots=True)
class Cloud:
    name: str
    profile: Profile = "instant"
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=Ids)
    faults: list[FaultRule] = field(default_factory=list)
    key: bytes = b""
    options: dict[str, str] = field(default_factory=dict)
    """Options that were set, by name; the others have their defaults (engine.options)."""
    version: int = 0
    """Of the settings in a shared store that these are."""

    def take(self, other: Cloud) -> None:
        """Become what another reading of the same cloud's settings says; the ids go on as they were."""
        self.profile, self.clock, self.faults = other.profile, other.clock, other.faults
        self.key, self.options = other.key, other.options

    def option(self, option: Option) -> str:
        """The value of an option in this cloud."""
        return self.options.get(option.name, option.default)

    def enabled(self, option: Option) -> bool:
        """Whether a switch is on."""
        return self.option(option) == "true"

    def due(self, seconds: float) -> float:
        """When something that takes `seconds` in a real cloud is done here."""
        if self.profile == "instant":
            return self.clock.time()
        if self.profile == "manual":
            return float("inf")
        return self.clock.time() + seconds

    def dump(self) -> bytes:
        """What must survive a restart."""
        clock = self.clock
        settings: dict[str, Any] = {"profile": self.profile, "key": self.key.decode(), "seed": self.ids.seed}
        if self.options:
            settings["options"] = self.options
        if self.faults:
            settings["faults"] = [asdict(rule) for rule in self.faults]
        if clock.rate != 1.0 or abs(clock.time() - time.time()) > 1:
            settings["clock"] = {"rate": clock.rate, "shown": clock.time(), "real": time.time()}
        return json.dumps(settings).encode()

    @classmethod
    def load(cls, name: str, data: bytes) -> Cloud:
        settings = json.loads(data)
        clock = Clock(**settings["clock"]) if "clock" in settings else Clock()
        ids = Ids(settings.get("seed"))
        options = settings.get("options", {})
        faults = [FaultRule(**rule) for rule in settings.get("faults", ())]
        key = settings["key"].encode()
        return cls(name, settings["profile"], clock, ids, faults=faults, key=key, options=options)
