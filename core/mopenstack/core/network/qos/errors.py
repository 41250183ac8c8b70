"""Neutron's refusals of QoS policies and their rules (neutron_lib.exceptions.qos)."""

from __future__ import annotations

from mopenstack.contract.faults import Conflict, Forbidden, NotFound


class QosPolicyNotFound(NotFound):
    message = "QoS policy {id} could not be found."


class QosRuleNotFound(NotFound):
    message = "QoS rule {rule_id} for policy {policy_id} could not be found."


class QoSPolicyDefaultAlreadyExists(Conflict):
    message = "A default QoS policy exists for project {project_id}."


class QosPolicyInUse(Conflict):
    message = "QoS Policy {policy_id} is used by {object_type} {object_id}."


class QoSRuleParameterConflict(Conflict):
    message = (
        "Unable to add the rule with value {rule_value} to the policy {policy_id} "
        "as the existing rule of type {existing_rule} has value {existing_value}."
    )


class QoSRulesConflict(Conflict):
    message = "Rule {new_rule_type} conflicts with rule {rule_id} which already exists in QoS Policy {policy_id}."


class NotAuthorized(Forbidden):
    message = "Not authorized."
