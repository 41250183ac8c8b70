"""S3 as its clients see it: boto3, unpatched, with an EC2 credential of Keystone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import pytest_asyncio
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.client import User
from tests.conftest import Cloud


@dataclass(slots=True)
class S3:
    """A client of boto3 beside the loop: `await s3("put_object", Bucket=...)`."""

    client: Any
    access: str
    secret: str
    endpoint: str

    async def __call__(self, operation: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(getattr(self.client, operation), **arguments)

    async def refused(self, code: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call that must be refused with this code."""
        with pytest.raises(ClientError) as caught:
            await self(operation, **arguments)
        error: dict[str, Any] = caught.value.response["Error"]
        assert error["Code"] == code, error
        return error


async def s3_of(user: User, **config: Any) -> S3:
    """S3 for a user and the project of their token."""
    path = f"/v3/users/{user.user_id}/credentials/OS-EC2"
    made = (await user.post("identity", path, {"tenant_id": user.project_id})).ok(201)["credential"]
    return await asyncio.to_thread(client_of, f"{user.url}/object-store", made["access"], made["secret"], **config)


def client_of(endpoint: str, access: str, secret: str, **config: Any) -> S3:
    settings = Config(retries={"max_attempts": 1}, **{"s3": {"addressing_style": "path"}, **config})
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret,
        region_name="us-east-1", config=settings,
    )  # fmt: skip
    return S3(client, access, secret, endpoint)


@pytest_asyncio.fixture
async def s3(demo: User) -> S3:
    """S3 as demo."""
    return await s3_of(demo)


@pytest_asyncio.fixture
async def bucket(s3: S3, cloud: Cloud) -> str:
    """An empty bucket of demo's."""
    await s3("create_bucket", Bucket="first")
    return "first"
