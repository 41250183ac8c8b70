"""A client of a cloud over HTTP: what tests, and `make soak`, ask with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass(slots=True)
class Reply:
    """Status, headers and decoded body of one answer."""

    status: int
    headers: Any
    body: Any
    content: bytes = b""

    def ok(self, status: int | None = None) -> Any:
        """The body of a success; fails with the whole answer otherwise."""
        wanted = (status,) if status else range(200, 300)
        assert self.status in wanted, f"{self.status}: {self.body}"
        return self.body

    def refused(self, status: int, text: str = "") -> Any:
        """The body of a refusal with this status and (part of) this text."""
        assert self.status == status, f"{self.status}: {self.body}"
        assert text in str(self.body), self.body
        return self.body


@dataclass(slots=True)
class User:
    """A client with a token. `user.get("network", "/v2.0/networks")`; the first word is the API's path prefix."""

    session: aiohttp.ClientSession
    url: str
    token: str = ""
    project_id: str = ""
    user_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, verb: str, api: str, path: str, json: Any = None, **options: Any) -> Reply:
        # As OpenStack's clients ask; what services answer to others is in tests/gateway/test_accept.py.
        headers = {
            "X-Auth-Token": self.token,
            "Accept": "application/json",
            **self.headers,
            **options.pop("headers", {}),
        }
        if not headers["X-Auth-Token"]:
            del headers["X-Auth-Token"]
        arguments = {} if json is None else {"json": json}
        async with self.session.request(
            verb, f"{self.url}/{api}{path}", headers=headers, allow_redirects=False, **arguments, **options
        ) as answer:
            content = await answer.read()
            is_json = answer.content_type.endswith("json") and content
            return Reply(
                answer.status, answer.headers, await answer.json() if is_json else content.decode("latin-1"), content
            )

    async def get(self, api: str, path: str, **options: Any) -> Reply:
        return await self.send("GET", api, path, **options)

    async def post(self, api: str, path: str, json: Any = None, **options: Any) -> Reply:
        return await self.send("POST", api, path, json, **options)

    async def put(self, api: str, path: str, json: Any = None, **options: Any) -> Reply:
        return await self.send("PUT", api, path, json, **options)

    async def patch(self, api: str, path: str, json: Any = None, **options: Any) -> Reply:
        return await self.send("PATCH", api, path, json, **options)

    async def delete(self, api: str, path: str, **options: Any) -> Reply:
        return await self.send("DELETE", api, path, **options)


async def sign_in(session: aiohttp.ClientSession, url: str, name: str, project: str = "") -> User:
    """A user with the seed's password in the default domain, scoped to a project (its namesake unless named)."""
    auth = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": name, "domain": {"id": "default"}, "password": "secret"}},
        },
        "scope": {"project": {"name": project or name, "domain": {"id": "default"}}},
    }
    reply = await User(session, url).post("identity", "/v3/auth/tokens", {"auth": auth})
    token = reply.ok(201)["token"]
    return User(session, url, reply.headers["X-Subject-Token"], token["project"]["id"], token["user"]["id"])
