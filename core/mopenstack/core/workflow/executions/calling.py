"""Actions that the services of the cloud do: calls of their RPCs, in the name of who started the execution."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.workflow.catalogue import CATALOGUE
from mopenstack.core.workflow.executions import requests

Record = dict[str, Any]


async def do_call(place: Any, caller: Caller, wanted: Record) -> Record:
    """Do an action in a transaction of its own; its result, or why there is none."""
    kept, given = CATALOGUE.of(wanted["name"]), wanted["input"]

    async def run(call: Call) -> Any:
        named = call.elevated(caller)
        request = named.request_of(kept["call"])()
        requests.fill(request, kept, given)
        audience = "admin" if named.caller.is_admin else ""
        return requests.result_of(kept, await named.invoke(kept["call"], request), given, audience)

    try:
        return {"id": wanted["id"], "data": await place.transact(run)}
    except (Fault, ValueError, TypeError, KeyError, AttributeError) as failed:
        why = failed.text if isinstance(failed, Fault) else failed
        text = f"{kept['method']}.{kept['method']} failed: {why}"
    where = f"[action={wanted['name']}, action_ex_id={wanted['id']}, msg='{text}']"
    return {"id": wanted["id"], "error": f"The action raised an exception {where}"}
