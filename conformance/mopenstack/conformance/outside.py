"""Changes past Terraform: requests of the scenario's account, with values of the state in them."""

import re
from typing import Any

from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.imports import resources
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.scenario import Request

_VALUE = re.compile(r"\{([^{}]+)\.(\w+)\}")


def change(session: Session, requests: list[Request], state: dict[str, Any]) -> None:
    """Make these requests; an answer that is no success is an error."""
    values = {one.address: one.attributes for one in resources(state)}
    for one in requests:
        path = fill(one.path, values)
        answer = session.send(one.method, one.service, path, fill(one.body, values))
        if not 200 <= answer.status < 300:
            raise CloudError(f"{one.method} {path}: {answer.status} {answer.body}")


def fill(thing: Any, values: dict[str, dict[str, Any]]) -> Any:
    """Put the state's values where `{address.attribute}` is written."""
    if isinstance(thing, str):
        return _VALUE.sub(lambda found: _value(values, found[1], found[2]), thing)
    if isinstance(thing, dict):
        return {key: fill(value, values) for key, value in thing.items()}
    if isinstance(thing, list):
        return [fill(value, values) for value in thing]
    return thing


def _value(values: dict[str, dict[str, Any]], address: str, attribute: str) -> str:
    try:
        return str(values[address][attribute])
    except KeyError as error:
        raise CloudError(f"the state has no {address}.{attribute}") from error
