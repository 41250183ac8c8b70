"""Every recorded exchange with Barbican, asked again on what it names.

The recordings show no order of time, so that what stands before an exchange is gathered from them: the secrets,
containers and orders that its path and its bodies name are planted as other answers show them, in the project of the
recorded member; what the exchange itself says of its beginning (a list, metadata, an ACL) is planted as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.key_manager.sealing import seal
from mopenstack.key_manager.v1 import containers_pb2, orders_pb2, secret_stores_pb2, secrets_pb2, transport_keys_pb2
from tests.conftest import Cloud, Reply, User
from tests.exchanges.compare import Same
from tests.exchanges.replay import cut_differences
from tests.key_manager.exchanges import REF, Exchange, pictures

PLACE = "http://127.0.0.1:9311"
KINDS: tuple[Any, ...] = (
    secrets_pb2.Secret,
    containers_pb2.Container,
    orders_pb2.Order,
    secret_stores_pb2.SecretStore,
    secret_stores_pb2.PreferredStore,
    transport_keys_pb2.TransportKey,
)
NEW = "[enforce_new_defaults]"
_STORES = re.compile(
    r"\(multiple stores\)|preferred store|^prefer unknown store$|^secret stores limit|^GET preferred of"
)
_OF_LISTS = ("created", "updated", "status")
_NOT_THERE = ("Secret not found.", "Secrets container not found.", "Order not found.")


class Stage:
    """The clouds, users and planted objects of the replay."""

    def __init__(self, cloud: Cloud, users: dict[str, User]) -> None:
        self.cloud, self.users, self.known = cloud, users, pictures()
        self.owner = users["m"]

    def user(self, one: Exchange) -> User:
        recorded, said = str(one.line["as"]), str(one.situation)
        if one.status == 401 or recorded == "anonymous":
            return self.cloud.anonymous
        if "other project" in said and "other project's" not in said:
            return self.users["stranger"]
        if re.search(r"second member|other member|user in ACL", said):
            return self.users["second member" if recorded == "member" else "second"]
        if recorded == "admin" and ("project admin" in said or "delete order ok" in said):
            return self.users["project admin"]
        return self.users.get(recorded, self.users["m"])

    async def replay(self, one: Exchange) -> list[str]:
        """Where our answer differs."""
        engine = self.cloud.serving.engine
        here = engine.clouds[self.cloud.name]
        options = {
            "key_manager.enforce_new_defaults": str(NEW in one.situation).lower(),
            "key_manager.secret_stores": "two" if _STORES.search(one.situation) else "one",
        }
        await self.cloud.serving.administration.set_options(here, options)
        planted: set[str] = set()

        async def plant(call: Call) -> None:
            for kind in KINDS:
                for kept in await call.tx.scan(kind):
                    await call.tx.delete(kind, kept.id)
            await self._limits(call, one)
            for message in self._objects(call, one):
                planted.add(message.id)
                await call.tx.put(message, fresh=True)

        await engine.transact(here, RequestContext(cloud=self.cloud.name), plant)
        ours = await self._send(one)
        return list(self._compare(one, ours, frozenset(planted)))

    # -- what is planted

    async def _limits(self, call: Call, one: Exchange) -> None:
        service, own = "key_manager", self.owner.project_id
        for project in await call.quota.projects(service):
            await call.quota.reset_limits(service, project)
        for name in ("secrets", "orders", "containers", "secret_consumers", "container_consumers"):
            used = await call.quota.used(service, own, name)
            await call.quota.give(service, own, {name: used})
        if re.search(r"quota exceeded|of quota 1", one.situation):
            await call.quota.set_limits(
                service, own, dict.fromkeys(("secrets", "orders", "containers", "consumers"), 0)
            )
        shown = one.response.get("project_quotas") if isinstance(one.response, dict) else None
        if isinstance(shown, dict):
            await call.quota.set_limits(service, self._project(one), shown)
        for item in shown if isinstance(shown, list) else ():
            await call.quota.set_limits(service, own, item["project_quotas"])
        if one.verb == "DELETE" and one.ok:
            await call.quota.set_limits(service, self._project(one), {"secrets": 1})
        if isinstance(one.response, dict) and one.ok and "quotas" in one.response:
            await call.quota.set_limits(service, self.user(one).project_id, one.response["quotas"])

    def _project(self, one: Exchange) -> str:
        return str(one.path.partition("?")[0].rpartition("/")[2])

    def _objects(self, call: Call, one: Exchange) -> Iterator[Any]:
        done = set()
        text = json.dumps([one.path, one.request, one.response])
        named = [(collection, id) for collection, id in REF.findall(text)]
        new = REF.findall(json.dumps(one.response)) if one.verb == "POST" and one.target == ("", "") else []
        gone = one.status == 404 and str((one.response or {}).get("description")) in _NOT_THERE
        for collection, id in named:
            if (collection, id) in done or (collection, id) in new or (gone and id == one.target[1]):
                continue
            done.add((collection, id))
            if id.endswith("dead"):
                continue
            if collection in ("secrets", "containers", "orders"):
                yield self._made(call, one, collection, id)
        yield from self._around(call, one)
        yield from self._stores(call, one)

    def _around(self, call: Call, one: Exchange) -> Iterator[Any]:
        """What a page does not show of a list: as many before it and behind it as it says."""
        answer = one.response
        for collection in ("secrets", "containers", "orders"):
            shown = answer.get(collection) if isinstance(answer, dict) and one.ok and one.verb == "GET" else None
            if not isinstance(shown, list) or not shown or one.target != ("", ""):
                continue
            offset = int(found[1]) if (found := re.search(r"offset=(\d{1,4})(?!\d)", one.path)) else 0
            total = int(answer["total"])
            for number in range(max(0, total - (one.cut or {}).get(collection, len(shown)))):
                first = number < offset
                copy = dict(shown[0 if first else -1])
                if collection != "secrets":
                    copy["created"] = "2000-01-01T00:00:00" if first else "2090-01-01T00:00:00"
                yield self._message(
                    call, one, collection, f"{'0' if first else 'f'}1f1f1f1-f1f1-4f1f-8f1f-{number:012}", copy
                )
            for number in range(max(0, (one.cut or {}).get(collection, 0) - len(shown))):
                copy = dict(shown[-1])
                if collection != "secrets":
                    copy["created"] = "2080-01-01T00:00:00"
                yield self._message(call, one, collection, f"ffe1e1e1-e1e1-4e1e-8e1e-{number:012}", copy)

    def _made(self, call: Call, one: Exchange, collection: str, id: str) -> Any:
        picture = self.known.get((collection, id), {})
        if one.ok and one.verb == "GET" and isinstance(one.response, dict):
            listed = one.response.get(collection)
            for item in [one.response, *(listed if isinstance(listed, list) else ())]:
                if isinstance(item, dict) and str(item.get(f"{collection[:-1]}_ref")).endswith(id) and "status" in item:
                    picture = item
        return self._message(call, one, collection, id, picture)

    def _message(self, call: Call, one: Exchange, collection: str, id: str, picture: dict[str, Any]) -> Any:
        makers = {"secrets": self._secret, "containers": self._container, "orders": self._order}
        message = makers[collection](call, one, id, picture)
        stranger = "other project's secret" in one.situation and collection == "secrets"
        message.project_id = self.users["stranger" if stranger else "m"].project_id
        if "as other project" in one.situation and one.status < 300 and picture:
            message.project_id = self.users["stranger"].project_id
        elif one.line["as"] == "admin" and one.ok and one.target == ("", "") and one.verb == "GET":
            message.project_id = self.user(one).project_id
        message.creator_id = self.owner.user_id
        for field, key in ((message.created_at, "created"), (message.updated_at, "updated")):
            field.FromDatetime(datetime.fromisoformat(picture.get(key) or "2026-11-28T07:25:10"))
        message.status = picture.get("status") or "ACTIVE"
        return message

    def _secret(self, call: Call, one: Exchange, id: str, picture: dict[str, Any]) -> Any:
        secret = secrets_pb2.Secret(id=id, secret_type=picture.get("secret_type") or "opaque")
        for name in ("name", "algorithm", "bit_length", "mode"):
            if picture.get(name) is not None:
                setattr(secret, name, picture[name])
        if picture.get("expiration"):
            secret.expiration.FromDatetime(datetime.fromisoformat(picture["expiration"]))
        here = one.target == ("secrets", id)
        data = b"s3cret"
        if here and isinstance(one.response, dict) and "__text__" in one.response:
            data = one.response["__text__"].encode("utf-8" if one.response["__len__"] != 5 else "latin-1")
        elif here and isinstance(one.response, dict) and "__bytes__" in one.response:
            data = bytes(range(200, 200 + 1)) * one.response["__bytes__"]
        if here and "binary" in one.situation and one.status == 406:
            data = b"\xff\xfe"
        empty = here and (
            (one.verb == "PUT" and not one.rest and one.status not in (409,))
            or "no payload" in str(one.response)
            or (one.verb == "GET" and one.ok and not one.rest and picture and "content_types" not in picture)
        )
        if not empty and ("content_types" in picture or here):
            kind = picture.get("content_types", {}).get("default", "text/plain")
            secret.content_types.default_type = kind
            nonce, text = seal(call, self.owner.project_id, id, data)
            secret.payload.nonce, secret.payload.text = nonce, text
        self._acl(secret, one, here)
        if here and "/metadata" in one.rest:
            self._metadata(secret, one)
        self._consumers(secret, one, here, picture)
        return secret

    def _metadata(self, secret: Any, one: Exchange) -> None:
        secret.metadata.update({"k1": "v1", "k2": "v2", "description": "d"})
        answer, request = one.response, one.request
        if one.ok and one.verb == "GET" and "metadata" in answer:
            secret.metadata.clear()
            secret.metadata.update(answer["metadata"])
        if one.ok and one.verb == "GET" and "key" in answer:
            secret.metadata[answer["key"]] = answer["value"]
        if one.status == 201 and isinstance(request, dict) and "key" in request:
            secret.metadata.pop(str(request["key"]).lower(), None)

    def _consumers(self, owner: Any, one: Exchange, here: bool, picture: dict[str, Any]) -> None:
        answer, request = one.response, one.request
        listed = picture.get("consumers") or []
        if here and isinstance(answer, dict) and isinstance(answer.get("consumers"), list):
            listed = answer["consumers"]
        asked = request if here and isinstance(request, dict) and one.rest == "/consumers" else None
        listed = [item for item in listed if one.verb != "POST" or item != asked]
        if asked and one.verb == "DELETE" and one.ok:
            listed = [*listed, asked]
        for item in listed:
            values = {
                name.lower(): value for name, value in item.items() if name not in ("created", "updated", "status")
            }
            added = owner.consumers.add(status="ACTIVE", owner_project_id=self.owner.project_id, **values)
            added.created_at.FromDatetime(datetime(2026, 11, 28, 7, 25))
            added.updated_at.FromDatetime(datetime(2026, 11, 28, 7, 25))

    def _acl(self, owner: Any, one: Exchange, here: bool) -> None:
        read = one.response.get("read") if here and isinstance(one.response, dict) and one.ok else None
        if isinstance(read, dict) and "created" in read:
            owner.acl.project_access = read["project-access"]
            owner.acl.users.extend(read["users"])
        elif "private" in one.situation or "acl_only" in one.situation:
            owner.private = True
            owner.acl.users.append(self.users["second"].user_id if "user in ACL" in one.situation else "x")
        else:
            return
        owner.acl.created_at.FromDatetime(datetime(2026, 11, 28, 7, 27))
        owner.acl.updated_at.FromDatetime(datetime(2026, 11, 28, 7, 27))

    def _container(self, call: Call, one: Exchange, id: str, picture: dict[str, Any]) -> Any:
        kind = "rsa" if "rsa container" in one.situation else picture.get("type") or "generic"
        container = containers_pb2.Container(id=id, type=kind)
        if picture.get("name") is not None:
            container.name = picture["name"]
        here = one.target == ("containers", id)
        refs = picture.get("secret_refs") or []
        if here and isinstance(one.response, dict) and isinstance(one.response.get("secret_refs"), list):
            refs = one.response["secret_refs"]
        request = one.request if isinstance(one.request, dict) else {}
        if here and one.rest == "/secrets":
            inside = one.status == 409 or (one.verb == "DELETE" and one.ok)
            refs = [request] if inside else []
        for ref in refs:
            part = container.secret_refs.add(secret_id=ref["secret_ref"].rpartition("/")[2])
            if ref.get("name") is not None:
                part.name = ref["name"]
        self._acl(container, one, here)
        self._consumers(container, one, here, picture)
        return container

    def _order(self, call: Call, one: Exchange, id: str, picture: dict[str, Any]) -> Any:
        order = orders_pb2.Order(id=id, type=picture.get("type") or "key", meta=to_struct(picture.get("meta") or {}))
        for name in ("error_status_code", "error_reason", "sub_status", "sub_status_message"):
            setattr(order, name, picture.get(name) or "")
        for name in ("secret", "container"):
            if picture.get(f"{name}_ref"):
                setattr(order, f"{name}_id", picture[f"{name}_ref"].rpartition("/")[2])
        return order

    def _stores(self, call: Call, one: Exchange) -> Iterator[Any]:
        found = re.match(r"/v1/secret-stores/([0-9a-f-]{36})", one.path)
        answer = one.response if isinstance(one.response, dict) and one.ok else {}
        shown = answer.get("secret_stores") or ([answer] if "secret_store_ref" in answer else [])
        if (found and not found[1].endswith("dead") and one.status != 404 and not shown) or (
            found and "again" in one.situation
        ):
            shown = [{"secret_store_ref": found[1], "name": "x", "secret_store_plugin": "x"}]
        for item in shown:
            store = secret_stores_pb2.SecretStore(id=item["secret_store_ref"].rpartition("/")[2], status="ACTIVE")
            store.name, store.secret_store_plugin = item["name"], item["secret_store_plugin"]
            store.global_default = bool(item.get("global_default"))
            if item.get("crypto_plugin"):
                store.crypto_plugin = item["crypto_plugin"]
            store.created_at.FromDatetime(datetime(2026, 11, 28))
            store.updated_at.FromDatetime(datetime(2026, 11, 28))
            yield store
            preferred = "/preferred" in one.path and one.ok and one.verb in ("GET", "DELETE")
            if preferred:
                yield secret_stores_pb2.PreferredStore(id=self.user(one).project_id, store_id=store.id)

    # -- the call

    async def _send(self, one: Exchange) -> Reply:
        headers = {"Accept": "application/json", **(one.request_headers or {})}
        for word, accept in (("Accept */*", "*/*"), ("Accept None", "*/*")):
            if word in one.situation:
                headers["Accept"] = accept
        if one.microversion:
            headers["OpenStack-API-Version"] = one.microversion
        arguments: dict[str, Any] = {}
        request = one.request
        if one.situation.endswith("payload 20001"):  # cut in the recording
            request = {**request, "payload": "x" * 20_001}
        if isinstance(request, dict) and "__text__" in request:
            arguments["data"] = request["__text__"].encode().ljust(request["__len__"], b"x")
        elif isinstance(request, dict) and "__bytes__" in request:
            arguments["data"] = bytes(request["__bytes__"])
        elif "request" in one.line:
            arguments["data"] = json.dumps(request).replace(PLACE, f"{self.cloud.url}/key-manager").encode()
        if "raw body empty" in one.situation:
            arguments["data"] = b""
        elif "raw body {" in one.situation and request is None:
            arguments["data"] = b"{"
        if one.verb in ("POST", "PUT", "PATCH") or "data" in arguments:
            headers.setdefault("Content-Type", "application/json")
        return await self.user(one).send(one.verb, "key-manager", one.path, headers=headers, **arguments)

    def _compare(self, one: Exchange, ours: Reply, known: frozenset[str]) -> Iterator[str]:
        if ours.status != one.status:
            yield f"status {ours.status}, recorded {one.status}: {str(ours.body)[:200]}"
            return
        recorded = one.response
        if isinstance(recorded, dict) and ("__text__" in recorded or "__bytes__" in recorded):
            size = recorded.get("__len__", recorded.get("__bytes__"))
            if len(ours.content) != size:
                yield f"{len(ours.content)} bytes, recorded {size}"
        elif recorded is not None:
            text = json.dumps(ours.body).replace(f"{self.cloud.url}/key-manager", PLACE)
            same = Same(known, one.verb not in ("GET", "HEAD"))
            yield from map(str, cut_differences(recorded, json.loads(text), same, one.cut or {}))
        for header, value in (one.response_headers or {}).items():
            got = (ours.headers.get(header) or "").replace(f"{self.cloud.url}/key-manager", PLACE)
            if header == "WWW-Authenticate":
                value = got = value if got.startswith('Keystone uri="') else got
            if not Same(known, True).text(value, got):
                yield f"header {header}: {got!r}, recorded {value!r}"
