"""Isolated clouds in one process: each with its own state, clock, ids, profile and faults."""

from __future__ import annotations

import json
import random
import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.fault_rules import FaultRules
from mopenstack.core.engine.journal import JournalSettings, Ring
from mopenstack.core.engine.options import Option

Profile = Literal["instant", "realistic", "manual"]
PROFILES: tuple[Profile, ...] = ("instant", "realistic", "manual")

DEFAULT = "default"
"""The cloud that needs no naming."""

REGION_ONE = "RegionOne"
"""The region of a cloud for which no other was chosen."""

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


_UUID_FIXED = 4 << 76 | 2 << 62
_UUID_RANDOM = ~(15 << 76 | 3 << 62)


@dataclass(slots=True)
class Ids:
    """Random identifiers; with a seed the same ones in every run."""

    apart: ClassVar[str] = ""
    """What distinguishes this process from others that draw for the same clouds, and from earlier ones."""
    seed: int | None = None
    _random: random.Random | None = None

    def __post_init__(self) -> None:
        if self.seed is not None:
            self._random = random.Random(f"{self.seed}/{self.apart}" if self.apart else self.seed)  # noqa: S311  # reproducible on purpose

    def drawn(self) -> Any:
        """How many of the same ones were drawn, for `draw_again`; None for random ones."""
        return self._random.getstate() if self._random else None

    def draw_again(self, drawn: Any) -> None:
        """Draw those again that a call had which is made again."""
        if self._random is not None and drawn is not None:
            self._random.setstate(drawn)

    def _bits(self, bits: int) -> int:
        return self._random.getrandbits(bits) if self._random else secrets.randbits(bits)

    def uuid(self) -> str:
        """With dashes, as Nova, Neutron, Glance and Cinder write ids."""
        digits = self.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def hex(self) -> str:
        """Without dashes, as Keystone writes ids: 128 bits with the version and variant of a random UUID (RFC 9562)."""
        return f"{self._bits(128) & _UUID_RANDOM | _UUID_FIXED:032x}"

    def below(self, end: int) -> int:
        """A number in [0, end)."""
        return self._random.randrange(end) if self._random else secrets.randbelow(end)

    def word(self, length: int, alphabet: str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") -> str:
        """Letters and digits, as generated passwords have."""
        base = len(alphabet)
        number, word = self.below(base**length), ""
        for _ in range(length):
            word += alphabet[number % base]
            number //= base
        return word


@dataclass(frozen=True, slots=True)
class Time:
    """What a transition takes, in seconds of the cloud's clock: `fixed` (first), `uniform` (from first to second),
    `normal` (mean first, deviation second) or `exponential` (mean first).
    """

    distribution: str
    first: float
    second: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A rule: transitions of a kind of resource go so (engine.behaviours).

    transition  name or label of a row of the kind's lifecycle; empty: all
    name        pattern that the resource's name must hold; empty: any
    project     id of its project; empty: any
    profile     how it completes, as the profile of a cloud; empty: not said by a profile
    time        what it takes; None: not said by a time
    reads       after how many reads of the resource it is done; 0: not said by reads
    error       the text that it fails with; empty: it succeeds
    times       how many transitions it decides; 0: all
    """

    id: str
    kind: str
    transition: str = ""
    name: str = ""
    project: str = ""
    profile: str = ""
    time: Time | None = None
    reads: int = 0
    error: str = ""
    times: int = 0


@dataclass(slots=True)
class Cloud:
    name: str
    profile: Profile = "instant"
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=Ids)
    faults: FaultRules = field(default_factory=FaultRules)
    behaviours: list[Behaviour] = field(default_factory=list)
    key: bytes = b""
    options: dict[str, str] = field(default_factory=dict)
    """Options that were set, by name; the others have their defaults (engine.options)."""
    seed_calls: list[Any] = field(default_factory=list)
    """The items of the seed that the cloud has of its own, if it has one."""
    journal: JournalSettings | None = None
    """What the journal keeps; None: what the process says."""
    regions: list[str] = field(default_factory=list)
    """The names of its regions, the first one first; none were chosen: it has one (engine.regions)."""
    region: str = ""
    """The further region of which this is; empty: the first one."""
    version: int = 0
    """Of the settings in a shared store that these are."""
    folder: str = ""
    """Where bytes go that the cloud stores; what lies elsewhere, other clouds may have too."""
    calls: Ring | None = field(default=None, repr=False, compare=False)
    """The journal, once there is one: the calls that this process answered."""

    @property
    def region_name(self) -> str:
        """The name of the region in which calls of this cloud are."""
        return self.region or (self.regions[0] if self.regions else REGION_ONE)

    @property
    def address(self) -> str:
        """What names this cloud, or this region of it, in paths."""
        return f"{self.name}.{self.region}" if self.region else self.name

    def new_blob_key(self) -> str:
        """The key of bytes that the cloud is about to store."""
        return f"{self.folder or self.name}/{self.ids.uuid()}"

    def owns_bytes(self, key: str) -> bool:
        """Whether this cloud alone has the bytes of a key."""
        return key.startswith(f"{self.folder or self.name}/")

    def let_go(self) -> None:
        """Let those that follow the journal know that the cloud is not served any more, or another in its place."""
        if self.calls is not None:
            self.calls.wake()

    def take(self, other: Cloud) -> None:
        """Become what another reading of the same cloud's settings says; the ids go on as they were."""
        self.profile, self.clock, self.faults = other.profile, other.clock, other.faults
        self.behaviours = other.behaviours
        self.key, self.options, self.seed_calls = other.key, other.options, other.seed_calls
        self.regions = other.regions
        if self.journal != other.journal:
            self.journal = other.journal

    def option(self, option: Option) -> str:
        """The value of an option in this cloud."""
        return self.options.get(option.name, option.default)

    def enabled(self, option: Option) -> bool:
        """Whether a switch is on."""
        return self.option(option) == "true"

    def dump(self) -> bytes:
        """What must survive a restart."""
        clock = self.clock
        settings: dict[str, Any] = {"profile": self.profile, "key": self.key.decode(), "seed": self.ids.seed}
        if self.options:
            settings["options"] = self.options
        if self.seed_calls:
            settings["seed_calls"] = self.seed_calls
        if self.regions:
            settings["regions"] = self.regions
        if self.journal is not None:
            settings["journal"] = self.journal.dump()
        if self.faults.last:
            settings["faults"] = self.faults.dump()
        if self.behaviours:
            settings["behaviours"] = [asdict(rule) for rule in self.behaviours]
        if clock.rate != 1.0 or abs(clock.time() - time.time()) > 1:
            settings["clock"] = {"rate": clock.rate, "shown": clock.time(), "real": time.time()}
        return json.dumps(settings).encode()

    @classmethod
    def load(cls, name: str, data: bytes) -> Cloud:
        settings = json.loads(data)
        clock = Clock(**settings["clock"]) if "clock" in settings else Clock()
        ids = Ids(settings.get("seed"))
        options = settings.get("options", {})
        faults = FaultRules.load(settings.get("faults", {}))
        journal = JournalSettings(**settings["journal"]) if "journal" in settings else None
        key = settings["key"].encode()
        cloud = cls(name, settings["profile"], clock, ids, faults=faults, key=key, options=options, journal=journal)
        cloud.seed_calls = settings.get("seed_calls", [])
        cloud.regions = settings.get("regions", [])
        for rule in settings.get("behaviours", ()):
            time_of = rule.pop("time")
            cloud.behaviours.append(Behaviour(**rule, time=Time(**time_of) if time_of else None))
        return cloud


NO_CLOUD = Cloud(DEFAULT)
"""Stands for the cloud of a call that is of none."""
