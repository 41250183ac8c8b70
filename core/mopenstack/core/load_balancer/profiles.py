"""Profiles and what users choose by them: flavors with flavor profiles, availability zones with theirs.

Both pairs have the same rules: names of what users choose are unique, a profile's data is JSON that its provider takes,
and nothing that is in use is deleted.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import fold_of
from mopenstack.core.load_balancer.base import OctaviaResource
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.core.load_balancer.providers.enabled import chosen
from mopenstack.core.store.transaction import Taken
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer

M = TypeVar("M", bound=Message)


class Choices(OctaviaResource[M]):
    """What users choose: of unique name, of a profile, in use by load balancers.

    called       what the refusal of a taken name calls it
    titled       what the refusal of a delete calls it
    profile      the message of its profiles, and `profile_field` the field that names one
    chosen_by    field of a load balancer that names one, by the field that its path does
    """

    called: ClassVar[str]
    titled: ClassVar[str]
    profile: ClassVar[type[Message]]
    profile_field: ClassVar[str]
    chosen_by: ClassVar[str]

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        kept: Any = obj
        await self._claim(call, kept)
        if await call.tx.get(self.profile, getattr(kept, self.profile_field)) is None:
            raise refusals.ProfileReferenceBroken()

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        before: Any = old
        after: Any = new
        if before.name != after.name:
            await call.tx.release(self._scope, fold_of(call.cloud)(before.name))
            await self._claim(call, after)

    async def remove(self, call: Call, obj: M) -> None:
        name = getattr(obj, self.options.key or "id")
        if await call.tx.query(LoadBalancer, **{self.chosen_by: name}):
            raise refusals.ObjectInUse(object=self.titled, id=name)

    @property
    def _scope(self) -> str:
        return f"{self.options.kind}/name"

    async def _claim(self, call: Call, obj: Any) -> None:
        try:
            await call.tx.claim(self._scope, fold_of(call.cloud)(obj.name), obj)
        except Taken:
            raise refusals.RecordAlreadyExists(field=self.called, name=obj.name) from None


class Profiles(OctaviaResource[M]):
    """What a provider makes of a choice.

    titled       what the refusal of a delete calls it
    data         the field with the data
    choices      the message of what users choose by it, and `choice_field` the field that names the profile
    """

    titled: ClassVar[str]
    data: ClassVar[str]
    choices: ClassVar[type[Message]]
    choice_field: ClassVar[str]

    def validate(self, provider: Driver, data: Any) -> None:
        """Refuse data that the provider does not take."""
        raise NotImplementedError

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        kept: Any = obj
        self._check(call, kept)

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        kept: Any = new
        for name in ("name", "provider_name", self.data):
            if name in given and not getattr(kept, name):
                raise refusals.InvalidOption(value=None, option=name)
        if given & {"provider_name", self.data}:
            await self.refuse_in_use(call, kept.id)
        if self.data in given:
            self._check(call, kept)

    async def remove(self, call: Call, obj: M) -> None:
        kept: Any = obj
        await self.refuse_in_use(call, kept.id)

    async def refuse_in_use(self, call: Call, id: str) -> None:
        """Raise ObjectInUse for a profile that anything was made by."""
        if await call.tx.query(self.choices, **{self.choice_field: id}):
            raise refusals.ObjectInUse(object=self.titled, id=id)

    def _check(self, call: Call, obj: Any) -> None:
        text = getattr(obj, self.data)
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise refusals.InvalidOption(value=text, option=self.data) from None
        self.validate(chosen(call, obj.provider_name), data)
