"""Who calls, as Keystone's token, TempAuth's or nobody's says."""

from __future__ import annotations

from dataclasses import dataclass

from mopenstack.core.engine.caller import ANONYMOUS, Caller

PREFIX = "AUTH_"
"""What the names of accounts begin with: reseller_prefix."""
SERVICE_PREFIX = "SERVICE_"
"""Of the accounts that take the token of a service beside the user's."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller as Swift's authorization sees it.

    `caller` is the user that Keystone knows, `service_roles` are those of the service that calls for them. `groups` are
    TempAuth's (`test:tester`, `test`, `AUTH_test`). Nobody has neither.
    """

    caller: Caller = ANONYMOUS
    service_roles: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()

    @property
    def confirmed(self) -> bool:
        """Whether it is known who calls."""
        return bool(self.groups or self.caller.user_id)

    def is_at_home(self, account: str) -> bool:
        """Whether an account is the caller's project's."""
        project = self.caller.project_id
        return bool(project) and account in (PREFIX + project, SERVICE_PREFIX + project)


NOBODY = Identity()
