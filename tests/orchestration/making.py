"""Stacks for tests: made, looked at, waited for."""

from __future__ import annotations

from typing import Any

from tests.conftest import User

V: dict[str, Any] = {"heat_template_version": "2021-04-16"}
SERVICE = "heat-api"
FAILING = {"type": "OS::Heat::TestResource", "properties": {"fail": True}}


def template(resources: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A template of the newest version."""
    return {**V, "resources": resources or {}, **sections}


def string(length: int = 8, **more: Any) -> dict[str, Any]:
    return {"type": "OS::Heat::RandomString", "properties": {"length": length}, **more}


def value(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "OS::Heat::Value", "properties": {"value": of}, **more}


class Stacks:
    """The stacks of a user's project."""

    def __init__(self, user: User) -> None:
        self.user, self.base = user, f"/v1/{user.project_id}"

    async def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """A call below the project, or at the path of a stack."""
        whole = path if path.startswith("/v1/") else self.base + path
        return await self.user.send(verb, SERVICE, whole, json=body) if body is not None else await self.user.send(
            verb, SERVICE, whole
        )  # fmt: skip

    async def create(self, name: str, resources: dict[str, Any] | None = None, **more: Any) -> str:
        """Begin a stack; its path."""
        wish = {"stack_name": name, "template": template(resources, **more.pop("sections", {})), **more}
        made = (await self.ask("POST", "/stacks", wish)).ok(201)["stack"]
        return str(made["links"][0]["href"].partition("/heat-api")[2])

    async def show(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("GET", path)).ok()["stack"]
        return found

    async def state(self, path: str) -> tuple[str, str]:
        """Status and reason."""
        stack = await self.show(path)
        return stack["stack_status"], stack["stack_status_reason"]

    async def outputs(self, path: str) -> dict[str, Any]:
        return {one["output_key"]: one["output_value"] for one in (await self.show(path))["outputs"]}

    async def resources(self, path: str, query: str = "") -> dict[str, dict[str, Any]]:
        found = (await self.ask("GET", f"{path}/resources{query}")).ok()["resources"]
        return {one["resource_name"]: one for one in found}

    async def events(self, path: str) -> list[tuple[str, str, str]]:
        """(resource, status, reason), the oldest first."""
        found = (await self.ask("GET", f"{path}/events")).ok()["events"]
        return [
            (one["resource_name"], one["resource_status"], one["resource_status_reason"]) for one in reversed(found)
        ]  # fmt: skip

    async def refused(
        self, status: int, body: dict[str, Any], path: str = "/stacks", verb: str = "POST"
    ) -> tuple[str, str]:
        """Type and message of a refusal."""
        error = (await self.ask(verb, path, body)).refused(status)["error"]
        return error["type"], error.get("message")
