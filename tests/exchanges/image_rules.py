"""What Glance's images are before they get bytes, members and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]
UNKNOWN_YET = ("size", "checksum", "os_hash_algo", "os_hash_value", "virtual_size", "stores", "os_glance_import_task")


def _image(stage: Staging) -> Picture:
    return stage.pictures.get(("image", stage.exchange.variables["image_id"]), {})


def _empty(stage: Staging, status: str = "queued") -> Picture:
    image = _image(stage)
    for key in UNKNOWN_YET:
        image.pop(key, None)
    image["status"] = status
    return image


def upload(stage: Staging) -> None:
    """An image without bytes."""
    if stage.exchange.status < 300:
        _empty(stage)


def download(stage: Staging) -> None:
    """The bytes that are to come."""
    answer = stage.exchange.line.get("response")
    if stage.exchange.status in (200, 206) and isinstance(answer, dict) and "__text__" in answer:
        image = _empty(stage)
        data = ("hello world" * 100).encode()
        stage.steps.append(("PUT", f"/v2/images/{image['id']}/file", data))


def imported(stage: Staging) -> None:
    """Staged bytes."""
    if stage.exchange.status < 300:
        image = _empty(stage)
        stage.steps.append(("PUT", f"/v2/images/{image['id']}/stage", b"x" * 100))


def reactivated(stage: Staging) -> None:
    """An image that is deactivated, or active before it is."""
    if stage.exchange.status < 300:
        _image(stage)["status"] = "active" if stage.exchange.path.endswith("/deactivate") else "deactivated"


def untag(stage: Staging) -> None:
    """An image with the tag."""
    if stage.exchange.status < 300:
        _image(stage)["tags"] = [stage.exchange.variables["tag"]]


def members(stage: Staging) -> None:
    """A shared image, and its members."""
    exchange = stage.exchange
    image = _image(stage)
    if exchange.status not in (404,) or "member" in str(exchange.line.get("response")):
        image["visibility"] = "shared"
    made = exchange.verb == "POST" and exchange.status < 300
    shown = [] if made else [one for kind, one in exchange.shown if kind == "image_member"]
    member = exchange.variables.get("member_id") or (
        (exchange.line.get("request") or {}).get("member") if exchange.status == 409 else None
    )
    if member and not shown and exchange.status in (200, 204, 400, 403, 409):
        shown = [
            {"image_id": image.get("id", exchange.variables["image_id"]), "member_id": member, "status": "pending"}
        ]
    for one in shown:
        picture = dict(one)
        if exchange.verb == "PUT":
            picture["status"] = "pending"
        key = f"{one['image_id']}/{one['member_id']}"
        stage.add("image_member", key, {**picture, "__id": key})


PREPARE = {
    ("PUT", "/v2/images/{image_id}/file"): upload,
    ("PUT", "/v2/images/{image_id}/stage"): upload,
    ("GET", "/v2/images/{image_id}/file"): download,
    ("POST", "/v2/images/{image_id}/import"): imported,
    ("POST", "/v2/images/{image_id}/actions/deactivate"): reactivated,
    ("POST", "/v2/images/{image_id}/actions/reactivate"): reactivated,
    ("DELETE", "/v2/images/{image_id}/tags/{tag}"): untag,
    **{
        (verb, path): members
        for verb in ("GET", "POST", "PUT", "DELETE")
        for path in ("/v2/images/{image_id}/members", "/v2/images/{image_id}/members/{member_id}")
    },
}
