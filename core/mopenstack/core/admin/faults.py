"""Faults that a tester asks for: rules of a cloud, and scenarios that are made of them."""

from __future__ import annotations

import secrets

from mopenstack.admin.v1 import faults_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest, NotFound
from mopenstack.core.admin import scenarios
from mopenstack.core.admin.fault_messages import (
    SEED_BITS,
    add,
    check,
    found,
    names_something,
    region_in,
    rule_of,
    served,
    shown,
)
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class ScenarioNotFound(NotFound):
    message = "There is no scenario {name!r}; these are: {known}."


class ScenarioNotRunning(NotFound):
    message = "The scenario {name} does not run in the cloud {cloud}."


class Faults(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Faults"]
    transactional = False

    async def add_fault(self, call: Call, request: pb.AddFaultRequest) -> Result:
        engine = call.administration.engine
        rule = rule_of(request.fault)
        check(rule, await served(call))
        cloud = await engine.find_cloud(request.cloud)
        rule.region = region_in(cloud, rule.region)
        await engine.settings.change(cloud, lambda fresh: add(fresh, [rule]))
        return shown(rule, cloud)

    async def list_faults(self, call: Call, request: pb.ListFaultsRequest) -> Result:
        cloud = await call.administration.engine.cloud_now(request.cloud)
        return Page([shown(rule, cloud) for rule in (*cloud.faults.rules, *cloud.faults.ended)])

    async def get_fault(self, call: Call, request: pb.FaultRequest) -> Result:
        cloud = await call.administration.engine.cloud_now(request.cloud)
        return shown(found(cloud, request.fault_id), cloud)

    async def remove_fault(self, call: Call, request: pb.FaultRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        await engine.settings.change(cloud, lambda fresh: fresh.faults.remove([found(fresh, request.fault_id)]))
        return EMPTY

    async def remove_faults(self, call: Call, request: pb.ListFaultsRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        await engine.settings.change(
            cloud, lambda fresh: fresh.faults.remove([*fresh.faults.rules, *fresh.faults.ended])
        )
        return EMPTY

    # -- scenarios

    async def list_scenarios(self, call: Call, request: pb.ListScenariosRequest) -> Result:
        cloud = await call.administration.engine.cloud_now(request.cloud)
        return Page([running(scenario, cloud) for scenario in scenarios.known().values()])

    async def set_scenario(self, call: Call, request: pb.SetScenarioRequest) -> Result:
        engine = call.administration.engine
        scenario = scenario_of(request.name)
        cloud = await engine.find_cloud(request.cloud)
        load = request.load if request.HasField("load") else scenarios.LOAD_DEFAULT
        seed = request.seed if request.HasField("seed") else secrets.randbits(SEED_BITS)
        until = cloud.clock.time() + request.seconds if request.seconds else 0.0
        if request.service and not scenario.service:
            raise BadRequest(f"The scenario {scenario.name} is not about one service.")
        operations = await served(call)
        made = scenario.rules(load, service=request.service, until=until, seed=seed)
        rules = [rule for rule in made if request.service or names_something(rule, operations)]
        for rule in rules:
            rule.region = region_in(cloud, request.region)
            check(rule, operations)

        def replace(fresh: Cloud) -> None:
            fresh.faults.remove(scenarios.rules_of(fresh, scenario.name))
            add(fresh, rules)

        await engine.settings.change(cloud, replace)
        return running(scenario, cloud)

    async def end_scenario(self, call: Call, request: pb.EndScenarioRequest) -> Result:
        engine = call.administration.engine
        scenario = scenario_of(request.name)
        cloud = await engine.find_cloud(request.cloud)

        def end(fresh: Cloud) -> None:
            rules = scenarios.rules_of(fresh, scenario.name)
            if not rules:
                raise ScenarioNotRunning(name=scenario.name, cloud=cloud.name)
            fresh.faults.remove(rules)

        await engine.settings.change(cloud, end)
        return EMPTY


def scenario_of(name: str) -> scenarios.Scenario:
    """A scenario by its name; raises ScenarioNotFound."""
    scenario = scenarios.known().get(name)
    if scenario is None:
        raise ScenarioNotFound(name=name[:100], known=", ".join(scenarios.known()))
    return scenario


def running(scenario: scenarios.Scenario, cloud: Cloud) -> pb.Scenario:
    """A scenario, and how it runs in a cloud."""
    rules = [rule for rule in scenarios.rules_of(cloud, scenario.name) if not rule.has_ended(cloud.clock.time())]
    return pb.Scenario(
        name=scenario.name,
        description=scenario.description,
        service=scenario.service,
        load=max((rule.load for rule in rules), default=0),
        faults=[rule.id for rule in rules],
    )
