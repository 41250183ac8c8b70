"""The stores of a cloud, and where images lie in them (glance_store's multi backend, glance.common.utils).

A store is a name: the bytes of an image are kept once, whatever the number of stores that hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mopenstack.contract.values import plain
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.options import Option
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import image_data_pb2, images_pb2

DEFAULT = "fs"
RESERVED = ("os_glance_staging_store", "os_glance_tasks_store")
STORES_MAX = 8

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _check(value: str) -> str:
    names = _split(value)
    if len(names) > STORES_MAX or len(set(names)) < len(names) or DEFAULT in names:
        return f"it names at most {STORES_MAX} stores beside {DEFAULT}, each once"
    wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
    return f"{wrong!r} is no name of a store" if wrong else ""


FURTHER_STORES = Option(
    "image.further_stores",
    "",
    f"Stores of images beside {DEFAULT}, by commas: what copy-image, all_stores and the removal from a store need.",
    check=_check,
)


def stores_of(cloud: Cloud) -> list[str]:
    """Every store of a cloud, the default one first."""
    return [DEFAULT, *_split(cloud.option(FURTHER_STORES))]


def places(image: images_pb2.Image) -> list[str]:
    """The stores that hold an image."""
    return _split(image.stores)


def place(image: images_pb2.Image, stores: Iterable[str]) -> None:
    """Say in which stores a private copy lies."""
    image.stores = ",".join(stores)


def directory(store: str) -> str:
    """Where a store says that its files lie."""
    return "/var/lib/glance/images" if store == DEFAULT else f"/var/lib/glance/{store}"


def check_known(cloud: Cloud, store: str) -> None:
    """Raise UnknownStore for a store that the cloud has not."""
    if store not in stores_of(cloud):
        raise refusals.UnknownStore(store=store)


def asked_for(cloud: Cloud, request: image_data_pb2.ImportImageRequest) -> list[str]:
    """The stores that an import names (get_stores_from_request); raises BadImport, and ImportConflict for others."""
    named = plain(request.stores) if request.HasField("stores") else None
    if request.all_stores.bool_value:
        if named is not None or request.store:
            said = "All_stores parameter can't be used with x-image-meta-store header or stores parameter"
            raise refusals.BadImport(said)
        return sorted(stores_of(cloud))
    if named is not None and request.store:
        raise refusals.BadImport("Stores parameter and x-image-meta-store header can't be both specified")
    found: list[Any] = named if isinstance(named, list) else [request.store or DEFAULT]
    for store in found:
        if store not in stores_of(cloud):
            raise refusals.ImportConflict(refusals.UnknownStore.message.format(store=store))
    return found


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
