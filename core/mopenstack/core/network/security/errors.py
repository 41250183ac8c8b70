"""Neutron's refusals of security groups, their rules and address groups.

Names and texts are those of neutron.extensions.securitygroup, neutron.extensions.security_groups_default_rules
and neutron_lib.exceptions.address_group; the name is the `type` of the answer.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound

# -- groups


class SecurityGroupInUse(Conflict):
    message = "Security Group {id} in use."


class SecurityGroupCannotRemoveDefault(Conflict):
    message = "Insufficient rights for removing default security group."


class SecurityGroupCannotUpdateDefault(Conflict):
    message = "Updating default security group not allowed."


class SecurityGroupDefaultAlreadyExists(Conflict):
    message = "Default security group already exists."


class SecurityGroupConflict(Conflict):
    message = "Error {why} while attempting the operation."


# -- rules


class SecurityGroupRuleNotFound(NotFound):
    message = "Security group rule {id} does not exist"


class SecurityGroupRuleExists(Conflict):
    message = "Security group rule already exists. Rule id is {rule_id}."


class SecurityGroupRuleInvalidProtocol(BadRequest):
    message = (
        "Security group rule protocol {protocol} not supported. Only protocol values {values} "
        "and integer representations [0 to 255] are supported."
    )


class SecurityGroupRuleInvalidEtherType(BadRequest):
    message = "Security group rule for ethertype '{ethertype}' not supported. Allowed values are {values}."


class SecurityGroupInvalidPortRange(BadRequest):
    message = "For TCP/UDP protocols, port_range_min must be <= port_range_max"


class SecurityGroupInvalidProtocolForPort(BadRequest):
    message = "Ports cannot be specified for protocol {protocol}. Ports are only supported for {valid_port_protocols}."


class SecurityGroupInvalidPortValue(BadRequest):
    message = "Invalid value for port {port}"


class SecurityGroupInvalidIcmpValue(BadRequest):
    message = "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255."


class SecurityGroupMissingIcmpType(BadRequest):
    message = "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing."


class SecurityGroupEthertypeConflictWithProtocol(BadRequest):
    message = "Invalid ethertype {ethertype} for protocol {protocol}."


class SecurityGroupProtocolRequiredWithPorts(BadRequest):
    message = "Must also specify protocol if port range is given."


class SecurityGroupMultipleRemoteEntites(BadRequest):
    message = "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided."


class SecurityGroupRuleParameterConflict(BadRequest):
    message = "Conflicting value ethertype {ethertype} for CIDR {cidr}"


class InvalidCIDR(BadRequest):
    message = "Invalid CIDR {input} given as IP prefix."


class DefaultSecurityGroupRuleNotFound(NotFound):
    message = "Default Security Group rule {id} does not exist"


class DefaultSecurityGroupRuleExists(Conflict):
    message = "Default Security group rule already exists. Rule id is {rule_id}."


# -- address groups


class AddressGroupNotFound(NotFound):
    message = "Address group {id} could not be found."


class AddressGroupInUse(Conflict):
    message = "Address group {address_group_id} is in use on one or more security group rules."


class AddressesNotFound(NotFound):
    message = "Addresses {addresses} not found in the address group {address_group_id}."


class AddressesAlreadyExist(BadRequest):
    message = "Addresses {addresses} already exist in the address group {address_group_id}."
