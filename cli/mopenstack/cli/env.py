"""`mopenstack env`: a user's credentials as shell lines.

Scripts run it often, so it is read by argparse and imports next to nothing: it costs a third of the other commands.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence

from mopenstack.cli import reach, state
from mopenstack.cli.credentials import NoScope, NoSuchRegion, NoSuchUser
from mopenstack.cli.json_client import Refused
from mopenstack.cli.output import complain, say
from mopenstack.cli.terraform import binary, provider_settings

HELP = 'Shell lines with a user\'s credentials: eval "$(mopenstack env)".'
NOT_FOUND = 404
KNOWN = (
    *("OS_AUTH_URL", "OS_IDENTITY_API_VERSION", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_ID", "OS_PROJECT_NAME"),
    *("OS_PROJECT_DOMAIN_ID", "OS_SYSTEM_SCOPE", "OS_DOMAIN_ID", "OS_REGION_NAME", "OS_CACERT"),
)
"""What the command may set."""
OTHERS = ("OS_TEST", "OS_STD", "OS_LOG")
"""Beginnings of what tests and logs are called."""


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser("mopenstack env", description=HELP)
    made.add_argument("--user", default="admin", help="whose: a user of the seed (admin, demo, demo_reader ...)")
    made.add_argument("--cloud", default="default", help="name of the cloud")
    made.add_argument("--region", default="", help="the region to be in; else the cloud's first one")
    made.add_argument("--unset", action="store_true", help="lines that take all of it, and every other OS_*, away")
    return made


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    if options.unset:
        ours = [key for key, value in provider_settings(binary()).items() if os.environ.get(key) == value]
        say(f"unset {' '.join(sorted({*KNOWN, *ours, *filter(str.isidentifier, _present())}))}")
        return 0
    found = state.read()
    if found is None:
        complain(reach.NONE_RUNS)
        return 1
    if found.identity:
        complain(f"Its callers are those of {found.identity}: use the credentials that you have there.")
        return 1
    known = reach.credentials(found, options.cloud)
    try:
        variables = known.variables(options.user, options.region)
    except (NoSuchUser, NoScope, NoSuchRegion) as error:
        complain(str(error))
        return 1
    except Refused as refused:
        unknown = refused.status == NOT_FOUND
        complain(f"There is no cloud named {options.cloud}." if unknown else f"Keystone says {refused}.")
        return 1
    except OSError as error:
        complain(f"The cloud at {known.auth_url} does not answer: {error}")
        return 1
    for line in lines({**variables, **provider_settings(binary())}):
        say(line)
    if found.cert and not found.ca:
        say(f"# OS_CACERT: the CA that signed {found.cert}, unless it is known everywhere")
    return 0


def lines(variables: Mapping[str, str]) -> list[str]:
    """Exports, and before them what is taken away: variables of another cloud would be mixed in, or have precedence."""
    others = sorted(key for key in set(_present()) - variables.keys() if key.isidentifier())
    return [
        *([f"unset {' '.join(others)}"] if others else []),
        *(f"export {key}={shlex.quote(value)}" for key, value in variables.items()),
    ]


def is_read(variable: str) -> bool:
    """Whether clients read a variable as a part of who they are and where they go, as openstacksdk does."""
    return variable.startswith("OS_") and not variable.startswith(OTHERS)


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what points clients at a cloud."""
    return {key: value for key, value in environment.items() if not is_read(key)}


def _present() -> list[str]:
    return [key for key in os.environ if is_read(key)]
