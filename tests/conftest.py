"""Clouds for tests: one process a worker, a fresh cloud a test, reached over HTTP as any client would."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.serve import Serving, Settings, serving
from mopenstack.gateway.addresses import cloud_path

_names = itertools.count(1)


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
        headers = {"X-Auth-Token": self.token, **self.headers, **options.pop("headers", {})}
        if not headers["X-Auth-Token"]:
            del headers["X-Auth-Token"]
        arguments = {} if json is None else {"json": json}
        async with self.session.request(
            verb, f"{self.url}/{api}{path}", headers=headers, allow_redirects=False, **arguments, **options
        ) as answer:
            content = await answer.read()
            is_json = answer.content_type.endswith("json") and content
            return Reply(answer.status, answer.headers, await answer.json() if is_json else content.decode("latin-1"), content)

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


@dataclass(slots=True)
class Cloud:
    """One fresh cloud. `await cloud.user("demo")` logs in with a real password."""

    name: str
    serving: Serving
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.serving.url + cloud_path(self.name)

    @property
    def anonymous(self) -> User:
        return User(self.session, self.url)

    async def user(self, name: str = "demo", project: str | None = None, password: str = "secret") -> User:
        """A user with a token scoped to a project (its namesake, if not said otherwise)."""
        scope = {"project": {"name": project or name, "domain": {"id": "default"}}}
        return await self.login({"name": name, "domain": {"id": "default"}, "password": password}, scope)

    async def login(self, user: dict[str, Any], scope: dict[str, Any] | str | None) -> User:
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
        if scope is not None:
            auth["scope"] = scope
        reply = await self.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})
        token = reply.ok(201)["token"]
        return User(
            self.session,
            self.url,
            reply.headers["X-Subject-Token"],
            token.get("project", {}).get("id", ""),
            token["user"]["id"],
        )


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """The loop that mopenstack itself runs on."""
    import uvloop

    return uvloop.EventLoopPolicy()


@pytest_asyncio.fixture(scope="session")
async def process() -> AsyncIterator[tuple[Serving, aiohttp.ClientSession]]:
    """One mopenstack and one HTTP session for all tests of a worker."""
    async with serving(Settings(port=0)) as running, aiohttp.ClientSession() as session:
        yield running, session


@pytest_asyncio.fixture
async def cloud(process: tuple[Serving, aiohttp.ClientSession]) -> AsyncIterator[Cloud]:
    """A fresh cloud, gone after the test."""
    running, session = process
    name = f"test-{next(_names)}"
    await running.engine.create_cloud(name)
    yield Cloud(name, running, session)
    await running.engine.delete_cloud(name)


@pytest_asyncio.fixture
async def admin(cloud: Cloud) -> User:
    """The admin in project admin."""
    return await cloud.user("admin")


@pytest_asyncio.fixture
async def demo(cloud: Cloud) -> User:
    """A member of project demo, without the admin role."""
    return await cloud.user("demo")
