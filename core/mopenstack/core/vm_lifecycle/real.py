"""The servers of another cloud, by openstacksdk with the caller's own token: it is an extra, and runs in threads."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from mopenstack.contract.faults import BadRequest, Conflict, Fault, NotFound, Unauthorized, Unavailable
from mopenstack.core.engine.validation import is_format
from mopenstack.core.vm_lifecycle import states
from mopenstack.core.vm_lifecycle.machines import Machine
from mopenstack.vm_lifecycle.v1 import refusals

R = TypeVar("R")

MICROVERSION = "2.47"
"""From this one on a server tells the name of its flavor."""
PAGE = 1000
POLL_SECONDS = 0.2
_NOVA: dict[str, str] = {
    states.START: "os-start",
    states.STOP: "os-stop",
    states.PAUSE: "pause",
    states.RESUME: "unpause",
}
_STOPPED_PAUSED = "PAUSED"


class RealServers:
    """The servers of the project of one caller's connection.

    `service` is a connection that may list deleted servers, where it may; `wait` is how long an action may take, in
    seconds.
    """

    def __init__(self, connection: Any, service: Any, project_id: str, *, is_admin: bool, wait: float) -> None:
        self._compute: Any = connection.compute if connection is not None else None
        self._connection, self._service = connection, service
        self._project_id, self._is_admin, self._wait = project_id, is_admin, wait

    async def all(self, *, deleted: bool) -> Sequence[Machine]:
        return await _in_thread(self._all, deleted)

    async def find(self, id: str) -> Machine | None:
        return await _in_thread(self._find, id) if is_format("uuid", id) else None

    async def create(self, name: str, flavor: str, image: str) -> Machine:
        return await _in_thread(self._create, name, flavor, image)

    async def act(self, machine: Machine, action: str) -> None:
        try:
            await _in_thread(self._act, machine, action)
        except (Conflict, NotFound) as refused:
            raise refusals.ActionRefused(
                id=machine.id, status=machine.status, action=action, why=refused.text
            ) from None

    async def ready(self) -> None:
        await _in_thread(lambda: self._service.compute.get("/limits").raise_for_status())

    # -- in a thread

    def _all(self, deleted: bool) -> list[Machine]:
        if not deleted:
            return [_machine(server) for server in _servers(self._compute, {})]
        given = {"deleted": "true", "all_tenants": "1", "project_id": self._project_id}
        return [_machine(server) for server in self._deleted(given)]

    def _find(self, id: str) -> Machine | None:
        found = self._compute.get(f"/servers/{id}", microversion=MICROVERSION)
        if found.status_code != 404:
            return _machine(_json(found)["server"])
        gone = next(iter(self._deleted({"deleted": "true", "all_tenants": "1", "uuid": id})), None)
        if gone is None or (gone["tenant_id"] != self._project_id and not self._is_admin):
            return None
        return _machine(gone)

    def _deleted(self, given: dict[str, str]) -> list[dict[str, Any]]:
        """Deleted servers, as the API's own user may list them: Nova shows them to administrators alone."""
        return [server for server in _servers(self._service.compute, given) if server["status"] == "DELETED"]

    def _create(self, name: str, flavor: str, image: str) -> Machine:
        flavor_id = next((one.id for one in self._compute.flavors() if one.name == flavor), None)
        if flavor_id is None:
            raise refusals.UnknownValue(field="flavor", value=flavor)
        body = {
            "name": name,
            "flavorRef": flavor_id,
            "imageRef": self._image(image),
            "networks": self._networks(),
            "metadata": {states.MARK: states.MARKED},
        }
        try:
            made = _json(self._compute.post("/servers", json={"server": body}, microversion=MICROVERSION))
        except (BadRequest, Conflict) as refused:
            raise refusals.NotCreated(field="image", why=refused.text) from None
        id = made["server"]["id"]
        if self._until(id, "ACTIVE", "SHUTOFF") == "ACTIVE":
            self._action(id, {"os-stop": None})
            self._until(id, "SHUTOFF")
        found = self._find(id)
        if found is None:
            raise _away(f"server {id} is gone")
        return found

    def _image(self, named: str) -> str:
        if is_format("uuid", named):
            found = self._connection.image.get(f"/images/{named}")
            if found.status_code == 200:
                return named
        else:
            images = _json(self._connection.image.get("/images", params={"name": named}))["images"]
            if images:
                return str(images[0]["id"])
        raise refusals.UnknownValue(field="image", value=named)

    def _networks(self) -> Any:
        """The project's first network, else a shared one, else none."""
        usable = [one for one in self._connection.network.networks() if not one.is_router_external and one.subnet_ids]
        own = [one for one in usable if one.project_id == self._project_id]
        first = min(own or usable, key=lambda one: (one.created_at, one.id), default=None)
        return "none" if first is None else [{"uuid": first.id}]

    def _act(self, machine: Machine, action: str) -> None:
        id, status = machine.id, machine.nova_status
        if action == states.DELETE:
            _json(self._compute.delete(f"/servers/{id}"))
            return
        if action == states.STOP and status == _STOPPED_PAUSED:
            # Nova stops no server that is paused: it runs for a moment.
            self._action(id, {"unpause": None})
            self._until(id, "ACTIVE")
        if action == states.RESTART:
            self._action(id, {"reboot": {"type": "SOFT"}})
        elif action == states.START and status.startswith("SHELVED"):
            self._action(id, {"unshelve": None})
        elif action == states.RESUME and status == "SUSPENDED":
            self._action(id, {"resume": None})
        else:
            self._action(id, {_NOVA[action]: None})
        self._until(id, {states.STOPPED: "SHUTOFF", states.PAUSED: "PAUSED"}.get(states.RESULT[action], "ACTIVE"))

    def _action(self, id: str, body: dict[str, Any]) -> None:
        _json(self._compute.post(f"/servers/{id}/action", json=body, microversion=MICROVERSION))

    def _until(self, id: str, *statuses: str) -> str:
        """The status of a server once it has one of these, or is in ERROR; raises Unavailable after `wait`."""
        deadline = time.monotonic() + self._wait
        while True:
            server = _json(self._compute.get(f"/servers/{id}", microversion=MICROVERSION))["server"]
            status, task = str(server["status"]), server.get("OS-EXT-STS:task_state")
            if status == "ERROR" or (status in statuses and not task):
                return status
            if time.monotonic() > deadline:
                wanted = " or ".join(statuses)
                raise _away(f"server {id} is not {wanted} within {self._wait:g} s")
            time.sleep(POLL_SECONDS)


def _servers(compute: Any, given: dict[str, str]) -> Iterator[dict[str, Any]]:
    """All servers of a query, page after page; the newest first."""
    params = {**given, "limit": str(PAGE)}
    while True:
        page = _json(compute.get("/servers/detail", params=params, microversion=MICROVERSION))["servers"]
        yield from page
        if len(page) < PAGE:
            return
        params["marker"] = page[-1]["id"]


async def _in_thread(function: Callable[..., R], *arguments: Any) -> R:
    return await asyncio.to_thread(functools.partial(_translated, function, *arguments))


def _translated(function: Callable[..., R], *arguments: Any) -> R:
    with translating():
        return function(*arguments)


@contextmanager
def translating() -> Iterator[None]:
    """The refusals of a cloud as those of the API's contract."""
    from keystoneauth1 import exceptions as auth
    from openstack import exceptions

    try:
        yield
    except exceptions.HttpException as refused:
        raise _fault(refused.status_code or 0, str(refused.details or refused.message)) from None
    except auth.http.HttpError as refused:
        raise _fault(refused.http_status, refused.message) from None
    except (auth.ClientException, exceptions.SDKException) as away:
        raise _away(str(away)) from None


def _json(answer: Any) -> Any:
    """The body of a success; raises what the cloud refuses."""
    from openstack import exceptions

    exceptions.raise_from_response(answer)
    return answer.json() if answer.content else None


def _fault(status: int, text: str) -> Fault:
    if status == 401:
        return Unauthorized()
    if status == 403:
        return (refusals.QuotaExceeded if "uota" in text else refusals.NotPermitted)(why=text)
    if status == 404:
        return NotFound(text)
    if status in (409, 412, 413):
        return Conflict(text)
    return BadRequest(text) if 400 <= status < 500 else _away(text)


def _away(why: str) -> Unavailable:
    return Unavailable(f"The cloud is not available: {why}")


def _machine(server: dict[str, Any]) -> Machine:
    fixed = sorted(
        (address["version"], address["addr"])
        for addresses in server["addresses"].values()
        for address in addresses
        if address.get("OS-EXT-IPS:type") == "fixed"
    )
    image = server.get("image") or {}
    return Machine(
        id=server["id"],
        name=server["name"],
        flavor=server["flavor"]["original_name"],
        image=image.get("id", ""),
        status=states.status_of(server["status"], server.get("OS-EXT-STS:task_state") or "", server["metadata"]),
        nova_status=server["status"],
        ip_address=fixed[0][1] if fixed else "",
        created_at=datetime.fromisoformat(server["created"]).timestamp(),
        updated_at=datetime.fromisoformat(server["updated"]).timestamp(),
    )
