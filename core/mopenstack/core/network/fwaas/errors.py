"""FWaaS's refusals (neutron_lib.exceptions.firewall_v2, neutron_fwaas.db.firewall.v2.firewall_db_v2)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound


class FirewallGroupNotFound(NotFound):
    message = "Firewall group {id} could not be found."


class FirewallGroupInUse(Conflict):
    message = "Firewall group {firewall_id} is still active."


class FirewallGroupPortInvalid(Conflict):
    message = "Port {port_id} of firewall group is invalid."


class FirewallGroupPortInUse(Conflict):
    message = "Port(s) {port_ids} provided already associated with other firewall group(s)."


class FirewallGroupPortNotSupported(Conflict):
    message = "Port {port_id} is not supported by firewall driver '{driver_name}'."


class FirewallGroupCannotRemoveDefault(Conflict):
    message = "Deleting default firewall group not allowed."


class FirewallDefaultParameterExists(Conflict):
    message = "Operation cannot be performed since '{name}' is a reserved name for {resource_type}."


class FirewallDefaultObjectUpdateRestricted(Conflict):
    message = "Operation cannot be performed on default object '{resource_id}' of type {resource_type}."


class FirewallPolicyNotFound(NotFound):
    message = "Firewall policy {id} could not be found."


class FirewallPolicyInUse(Conflict):
    message = "Firewall policy {firewall_policy_id} is being used."


class FirewallPolicyConflict(NotFound):
    message = (
        "Operation cannot be performed since firewall policy {firewall_policy_id} for your project could not be "
        "found. Please confirm if the firewall policy exists and is shared."
    )


class FirewallPolicySharingConflict(Conflict):
    message = (
        "Operation cannot be performed. Before sharing firewall policy {firewall_policy_id}, "
        "share associated firewall rule {firewall_rule_id}."
    )


class FirewallRuleNotFound(NotFound):
    message = "Firewall rule {id} could not be found."


class FirewallRuleInUse(Conflict):
    message = "Firewall rule {firewall_rule_id} is being used."


class FirewallRuleConflict(Conflict):
    message = (
        "Operation cannot be performed since firewall rule {firewall_rule_id} is not shared "
        "and belongs to another project {project_id}."
    )


class FirewallRuleSharingConflict(NotFound):
    message = (
        "Operation cannot be performed since firewall policy {firewall_policy_id} could not find the firewall rule "
        "{firewall_rule_id}. Please confirm if the firewall rule exists and is shared."
    )


class FirewallRuleAlreadyAssociated(Conflict):
    message = (
        "Operation cannot be performed since firewall rule {firewall_rule_id} is already associated "
        "with firewall policy {firewall_policy_id}."
    )


class FirewallRuleNotAssociatedWithPolicy(BadRequest):
    message = "Firewall rule {firewall_rule_id} is not associated with firewall policy {firewall_policy_id}."


class FirewallRuleInvalidICMPParameter(BadRequest):
    message = "{param} are not allowed when protocol is set to ICMP."


class FirewallRuleWithPortWithoutProtocolInvalid(BadRequest):
    message = "Source/destination port requires a protocol."


class FirewallRuleInfoMissing(BadRequest):
    message = "Missing rule info argument for insert/remove rule operation."


class FirewallIpAddressConflict(BadRequest):
    message = "Invalid input - IP addresses do not agree with IP Version."
