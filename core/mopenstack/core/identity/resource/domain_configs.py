"""Configurations of domains. After keystone.resource.core.DomainConfigManager and keystone.api.domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.calls import Outcome
from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import DEFAULT_DOMAIN, may_read_all
from mopenstack.core.identity.resource.domain_options import DEFAULTS, SECURITY_COMPLIANCE, SENSITIVE
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.resource import domain_configs_pb2 as pb2

Options = dict[str, dict[str, Any]]


class DomainConfigs(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["DomainConfigs"]

    async def get_domain_config(self, call: Call, request: pb2.DomainConfigRequest) -> Result:
        """Every caller may read the rules for passwords; admins and system readers the rest."""
        public = request.group == "security_compliance"
        if not public and (call.caller.policy_scope == "domain" or not may_read_all(call)):
            raise errors.refused("identity:get_domain_config")
        await call.service(Projects).domain(call, request.domain_id)
        if public:
            return _answer(_compliance(request))
        _check_place(request.group, request.option)
        shown = _shown(await _kept(call, request.domain_id))
        found = _part(shown, request.group, request.option)
        if not found:
            raise _missing(request)
        return _answer(found)

    async def put_domain_config(self, call: Call, request: pb2.DomainConfigBody) -> Result | Outcome:
        await call.service(Projects).domain(call, request.domain_id)
        given = _given(request)
        _check_config(given)
        had = await _kept(call, request.domain_id)
        await _keep(call, request.domain_id, given)
        answer = pb2.DomainConfigResponse()
        answer.config.CopyFrom(to_struct(_shown(given)))
        return answer if had else Outcome("created", answer)

    async def patch_domain_config(self, call: Call, request: pb2.DomainConfigBody) -> Result:
        """Merge; a part that is named must be the only one given, and be there already."""
        await call.service(Projects).domain(call, request.domain_id)
        given = _given(request)
        if request.option:
            given = {request.group: given}
        _check_config(given)
        _check_place(request.group, request.option)
        kept = await _kept(call, request.domain_id)
        if request.group:
            _check_part(given, request)
            if not _part(kept, request.group, request.option):
                raise _missing(request)
        for group, options in given.items():
            kept.setdefault(group, {}).update(options)
        await _keep(call, request.domain_id, kept)
        return _answer(_shown(kept))

    async def delete_domain_config(self, call: Call, request: pb2.DomainConfigRequest) -> Result:
        await call.service(Projects).domain(call, request.domain_id)
        _check_place(request.group, request.option)
        kept = await _kept(call, request.domain_id)
        if request.group and not _part(kept, request.group, request.option):
            raise _missing(request)
        if request.option:
            del kept[request.group][request.option]
        elif request.group:
            del kept[request.group]
        else:
            kept = {}
        await _keep(call, request.domain_id, kept)
        return EMPTY

    async def get_default_domain_config(self, call: Call, request: pb2.DefaultDomainConfigRequest) -> Result:
        _check_place(request.group, request.option)
        if request.option and request.option not in DEFAULTS[request.group]:
            raise _invalid(f"Reading the default for option {request.option} in group {request.group} is not supported")
        return _answer(
            _part({group: dict(options) for group, options in DEFAULTS.items()}, request.group, request.option)
        )


# -- what is kept


async def _kept(call: Call, domain_id: str) -> Options:
    found = await call.tx.get(pb2.DomainConfig, domain_id)
    if found is None:
        return {}
    return plain_struct(found.options)


async def _keep(call: Call, domain_id: str, options: Options) -> None:
    options = {group: found for group, found in options.items() if found}
    found = await call.tx.get(pb2.DomainConfig, domain_id)
    if not options:
        if found is not None:
            await call.tx.delete(pb2.DomainConfig, domain_id)
        return
    config = pb2.DomainConfig(id=domain_id)
    config.options.CopyFrom(to_struct(options))
    await call.tx.put(config, fresh=found is None)


def _given(request: pb2.DomainConfigBody) -> dict[str, Any]:
    return plain_struct(request.config)


# -- what it may say


def _check_config(config: Mapping[str, Any]) -> None:
    if not config:
        raise _invalid("No options specified")
    for group, options in config.items():
        if not options or not isinstance(options, dict):
            raise _invalid(f"The value of group {group} specified in the config should be a dictionary of options")
        for option in options:
            _check_place(group, option)


def _check_place(group: str, option: str) -> None:
    if not group:
        return
    if group not in DEFAULTS:
        raise _invalid(f"Group {group} is not supported for domain specific configurations")
    if option and option not in DEFAULTS[group] and option not in SENSITIVE[group]:
        raise _invalid(f"Option {option} in group {group} is not supported for domain specific configurations")


def _check_part(given: Mapping[str, Any], request: pb2.DomainConfigBody) -> None:
    group, option = request.group, request.option
    if len(given) != 1 or (option and len(given.get(group, {})) != 1):
        if option:
            raise _invalid(
                f"Trying to update option {option} in group {group}, so that, and only that, option must be specified "
                " in the config"
            )
        raise _invalid(f"Trying to update group {group}, so that, and only that, group must be specified in the config")
    if group not in given:
        raise _invalid(
            f"request to update group {group}, but config provided contains group {next(iter(given))} instead"
        )
    if option and option not in given[group]:
        raise _invalid(
            f"Trying to update option {option} in group {group}, but config provided contains option "
            f"{next(iter(given[group]))} instead"
        )


def _compliance(request: pb2.DomainConfigRequest) -> dict[str, Any]:
    """The rules for passwords, which only the default domain has."""
    if request.domain_id != DEFAULT_DOMAIN:
        raise _invalid(
            "Reading security compliance information for any domain other than the default domain is not allowed or "
            "supported."
        )
    if not request.option:
        return {"security_compliance": dict(SECURITY_COMPLIANCE)}
    if request.option not in SECURITY_COMPLIANCE:
        raise _invalid(
            "Reading security compliance values other than password_regex and password_regex_description is not "
            "allowed."
        )
    return {request.option: SECURITY_COMPLIANCE[request.option]}


# -- answers


def _shown(kept: Mapping[str, Mapping[str, Any]]) -> Options:
    found = {
        group: {name: value for name, value in options.items() if name not in SENSITIVE.get(group, ())}
        for group, options in kept.items()
    }
    return {group: options for group, options in found.items() if options}


def _part(config: Options, group: str, option: str) -> dict[str, Any]:
    """The whole, one group, or one option without its group."""
    if not group:
        return dict(config)
    options = config.get(group, {})
    if option:
        return {option: options[option]} if option in options else {}
    return {group: options} if options else {}


def _answer(config: Mapping[str, Any]) -> pb2.DomainConfigResponse:
    answer = pb2.DomainConfigResponse()
    answer.config.CopyFrom(to_struct(config))
    return answer


def _missing(request: Any) -> Fault:
    part = "any options"
    if request.option:
        part = f"option {request.option} in group {request.group}"
    elif request.group:
        part = f"group {request.group}"
    return refusals.DomainConfigNotFound(part=part, domain_id=request.domain_id)


def _invalid(detail: str) -> Fault:
    return refusals.InvalidDomainConfig(detail=detail)
