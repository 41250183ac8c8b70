"""Terraform's state in the cloud itself: a bucket of its S3 API, and a lock that is an object beside the state."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.openstack import VERSION, Session
from mopenstack.conformance.scenario import Scenario, Step
from mopenstack.conformance.workspace import TerraformFailed, Workspace

KEY = "state/terraform.tfstate"
"""Of the state in the bucket: what the scenario's configuration says."""
LOCK = f"{KEY}.tflock"
_REFUSED = "Error acquiring the state lock"


class NotKept(Exception):
    """The state is not where it should be, or nothing locks it."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the state is kept: nowhere but in the folder, where no bucket is named."""

    session: Session
    bucket: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    """Of Terraform's environment."""

    def check(self, workspace: Workspace, step: Step, steps: list[str]) -> None:
        """The state is in the bucket, nothing locks it between the commands, and another one's lock is obeyed."""
        if not self.bucket:
            return
        kept = self.session.send("GET", "object-store", f"/{self.bucket}/{KEY}")
        if kept.status != 200 or not _document(kept.body).get("resources"):
            raise NotKept(f"no state at {KEY}: {kept.status}")
        if self.session.send("GET", "object-store", f"/{self.bucket}/{LOCK}").status != 404:
            raise NotKept(f"{LOCK} was left behind")
        self.session.send("PUT", "object-store", f"/{self.bucket}/{LOCK}", {"ID": "another", "Who": "another"})
        try:
            workspace.apply(step)
        except TerraformFailed as refused:
            if _REFUSED not in str(refused):
                raise
        else:
            raise NotKept("terraform apply has no regard for another one's lock")
        finally:
            self.session.send("DELETE", "object-store", f"/{self.bucket}/{LOCK}")
        steps.append("the state is in the bucket, and another one's lock is obeyed")


@contextmanager
def state_of(scenario: Scenario, session: Session) -> Iterator[State]:
    """Where Terraform keeps the scenario's state, as long as the block lasts."""
    if not scenario.state_in_s3:
        yield State(session)
        return
    path = f"/v3/users/{session.user_id}/credentials/OS-EC2"
    made = session.send("POST", "identity", path, {"tenant_id": session.project_id})
    if made.status != 201:
        raise CloudError(f"no EC2 credential: {made.status} {made.body}")
    key = made.body["credential"]
    bucket = f"conformance-{uuid.uuid4().hex[:12]}"
    try:
        session.send("PUT", "object-store", f"/{bucket}")
        yield State(session, bucket, _variables(session, bucket, key["access"], key["secret"]))
    finally:
        for name in (LOCK, KEY, ""):
            with suppress(CloudError):
                session.send("DELETE", "object-store", f"/{bucket}/{name}".rstrip("/"))
        session.send("DELETE", "identity", f"{path}/{key['access']}")


def _variables(session: Session, bucket: str, access: str, secret: str) -> dict[str, str]:
    base = session.endpoint("object-store") or ""
    version = VERSION.search(base)
    return {
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINT_URL_S3": base[: version.start()] if version else base,
        "TF_CLI_ARGS_init": f"-backend-config=bucket={bucket}",
    }


def _document(body: object) -> dict[str, object]:
    found = json.loads(body) if isinstance(body, str) else body
    return found if isinstance(found, dict) else {}
