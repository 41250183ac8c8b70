"""What a seed file may hold, declared once: a list of items: calls, the catalog, options, other seeds.

Seeds of users are read with `read`, which holds each item against these models. The services' own are held against
them by a test, so that a start of mopenstack need not load pydantic.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mopenstack.core.seed_files import BadSeed, Item, items_of

ITEMS_MAX = 100_000
TIMES_MAX = 10_000
BYTES_MAX = 1024**3
"""Most zeros that an item may upload; a file may be longer."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Text = Annotated[str, Field(min_length=1, max_length=255)]


class Bytes(BaseModel):
    """What an upload sends: so many bytes, zeros behind a head, or a file of this machine."""

    model_config = ConfigDict(extra="forbid")

    size: Annotated[int, Field(ge=0, le=BYTES_MAX, description="How many bytes there are.")] | None = None
    head: Annotated[
        str, Field(pattern=r"^([0-9a-fA-F]{2})*$", max_length=131072, description="The first ones, in hex.")
    ] = ""
    file: Annotated[str, Field(min_length=1, max_length=4096, description="A file that is sent instead.")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Bytes:
        if (self.size is None) == (self.file is None):
            raise ValueError("give either size (with or without head) or file")
        if self.size is not None and self.size < len(self.head) // 2:
            raise ValueError("size is less than what head holds")
        return self


class CallItem(BaseModel):
    """One call of an RPC, in the cloud's own name."""

    model_config = ConfigDict(extra="forbid")

    call: Annotated[
        str,
        Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,254}$", description="An RPC, or Service.Method, or the full name."),
    ]
    api: Annotated[Text | None, Field(description="The API's type, where several have an RPC of the name.")] = None
    request: Annotated[dict[str, Any] | None, Field(description="The request, by the names of the contract.")] = None
    keep: Annotated[Name | None, Field(description="A name for the answer's object: ${name.field}.")] = None
    id: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$", description="The id that the new object shall have."),
    ] = None
    user: Annotated[Text | None, Field(description="The id of the user in whose name it is made.")] = None
    project: Annotated[Text | None, Field(description="The id of the project in which it is made.")] = None
    bytes: Annotated[Bytes | None, Field(description="What is uploaded.")] = None
    region: Annotated[Text | None, Field(description="The one region in which it is made; else it is in each.")] = None
    times: Annotated[int, Field(ge=1, le=TIMES_MAX, description="How often; ${number} counts from 1.")] = 1


class CatalogItem(BaseModel):
    """The catalog of all that is served, in a region."""

    model_config = ConfigDict(extra="forbid")

    catalog: Text


class LikeItem(BaseModel):
    """All that the seed of another kind of cloud makes, without the calls that are left out."""

    model_config = ConfigDict(extra="forbid")

    like: Text
    without: Annotated[list[Text], Field(max_length=100, description="Names of calls, as they stand there.")] = []


class OptionsItem(BaseModel):
    """Options of the cloud."""

    model_config = ConfigDict(extra="forbid")

    options: Annotated[dict[Text, Annotated[str, Field(max_length=4096)]], Field(max_length=200)]


MODELS: dict[str, type[BaseModel]] = {"catalog": CatalogItem, "like": LikeItem, "options": OptionsItem}
"""By the key that an item of the kind has; others are calls."""


def read(seed: Path) -> list[Item]:
    """The items of a user's seed, a file or a folder of them; raises BadSeed, which names file and item."""
    return checked(items_of(seed))


def received(calls: Iterable[Any]) -> list[Item]:
    """The items that a client sent; raises BadSeed. They name no file: it would be one of the server's."""
    found = checked((f"item {number}", item) for number, item in enumerate(calls, 1))
    for place, item in found:
        if "file" in (item.get("bytes") or {}):
            raise BadSeed(f"{place}: bytes of a file can be sent by `mopenstack up --seed` alone")
    return found


def checked(items: Iterable[Item]) -> list[Item]:
    """The items, each held against its model; raises BadSeed."""
    found: list[Item] = []
    for place, item in items:
        if len(found) == ITEMS_MAX:
            raise BadSeed(f"{place}: a seed has at most {ITEMS_MAX} items")
        if not isinstance(item, dict):
            raise BadSeed(f"{place}: it is {item!r:.80}, not a mapping with the key `call`")
        model = next((one for key, one in MODELS.items() if key in item), CallItem)
        try:
            model.model_validate(item)
        except ValidationError as error:
            raise BadSeed(f"{place}: {_said(error, model)}") from None
        found.append((place, item))
    return found


def _said(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault in a sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden" and "." not in where:
        return f"unknown key `{where}`; known ones are {', '.join(model.model_fields)}"
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said[:1].lower()}{said[1:]}" if where else said
