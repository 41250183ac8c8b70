terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_networking_network_v2" "external" {
  name     = "public"
  external = true
}

resource "openstack_identity_project_v3" "tenant" {
  name = "lookups-tenant"
}

resource "openstack_networking_quota_v2" "tenant" {
  project_id = openstack_identity_project_v3.tenant.id
  network    = 11
  router     = 3
}

resource "openstack_networking_addressscope_v2" "scope" {
  name       = "lookups"
  ip_version = 4
}

resource "openstack_networking_subnetpool_v2" "pool" {
  name             = "lookups"
  prefixes         = ["10.70.0.0/16"]
  address_scope_id = openstack_networking_addressscope_v2.scope.id
}

resource "openstack_networking_network_v2" "network" {
  name = "lookups"
  tags = ["lookups"]
}

resource "openstack_networking_subnet_v2" "subnet" {
  name       = "lookups"
  network_id = openstack_networking_network_v2.network.id
  cidr       = "10.71.0.0/24"
  tags       = ["lookups"]
}

resource "openstack_networking_subnet_route_v2" "beyond" {
  subnet_id        = openstack_networking_subnet_v2.subnet.id
  destination_cidr = "10.72.0.0/24"
  next_hop         = "10.71.0.254"
}

resource "openstack_networking_segment_v2" "segment" {
  name         = "lookups"
  network_id   = openstack_networking_network_v2.network.id
  network_type = "geneve"
}

resource "openstack_networking_secgroup_v2" "group" {
  name = "lookups"
}

resource "openstack_networking_address_group_v2" "friends" {
  name      = "lookups"
  addresses = ["192.0.2.0/25", "198.51.100.7/32"]
}

resource "openstack_networking_secgroup_rule_v2" "friends" {
  security_group_id       = openstack_networking_secgroup_v2.group.id
  direction               = "ingress"
  ethertype               = "IPv4"
  remote_address_group_id = openstack_networking_address_group_v2.friends.id
}

resource "openstack_networking_port_v2" "port" {
  for_each    = toset(["parent", "child"])
  name        = "lookups-${each.key}"
  description = "lookups"
  network_id  = openstack_networking_network_v2.network.id
  tags        = ["lookups"]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.subnet.id
  }
}

resource "openstack_networking_port_secgroup_associate_v2" "child" {
  port_id            = openstack_networking_port_v2.port["child"].id
  security_group_ids = [openstack_networking_secgroup_v2.group.id]
}

resource "openstack_networking_trunk_v2" "trunk" {
  name           = "lookups"
  admin_state_up = true
  port_id        = openstack_networking_port_v2.port["parent"].id
}

resource "openstack_networking_router_v2" "router" {
  name                = "lookups"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "inside" {
  router_id = openstack_networking_router_v2.router.id
  subnet_id = openstack_networking_subnet_v2.subnet.id
}

resource "openstack_networking_router_routes_v2" "beyond" {
  router_id = openstack_networking_router_interface_v2.inside.router_id

  routes {
    destination_cidr = "10.73.0.0/24"
    next_hop         = "10.71.0.252"
  }

  routes {
    destination_cidr = "10.74.0.0/24"
    next_hop         = "10.71.0.253"
  }
}

resource "openstack_networking_floatingip_v2" "address" {
  pool = data.openstack_networking_network_v2.external.name
}

resource "openstack_networking_qos_policy_v2" "policy" {
  name = "lookups"
}

resource "openstack_networking_qos_bandwidth_limit_rule_v2" "limit" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  max_kbps      = 5000
}

resource "openstack_networking_qos_dscp_marking_rule_v2" "mark" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  dscp_mark     = 40
}

resource "openstack_networking_qos_minimum_bandwidth_rule_v2" "floor" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  min_kbps      = 200
}

resource "openstack_fw_rule_v2" "rule" {
  name     = "lookups"
  action   = "deny"
  protocol = "udp"
}

resource "openstack_fw_policy_v2" "policy" {
  name  = "lookups"
  rules = [openstack_fw_rule_v2.rule.id]
}

resource "openstack_fw_group_v2" "group" {
  name                      = "lookups"
  egress_firewall_policy_id = openstack_fw_policy_v2.policy.id
}

data "openstack_networking_addressscope_v2" "scope" {
  name = openstack_networking_addressscope_v2.scope.name
}

data "openstack_networking_subnetpool_v2" "pool" {
  name = openstack_networking_subnetpool_v2.pool.name
}

data "openstack_networking_network_v2" "network" {
  name = openstack_networking_network_v2.network.name
  tags = ["lookups"]
}

data "openstack_networking_subnet_v2" "subnet" {
  name = openstack_networking_subnet_v2.subnet.name
}

data "openstack_networking_subnet_ids_v2" "tagged" {
  network_id = openstack_networking_subnet_v2.subnet.network_id
  tags       = ["lookups"]
}

data "openstack_networking_segment_v2" "segment" {
  name = openstack_networking_segment_v2.segment.name
}

data "openstack_networking_secgroup_v2" "group" {
  name = openstack_networking_secgroup_v2.group.name
}

data "openstack_networking_port_v2" "child" {
  name = openstack_networking_port_v2.port["child"].name
}

data "openstack_networking_port_ids_v2" "both" {
  description = openstack_networking_port_v2.port["child"].description
  network_id  = openstack_networking_port_v2.port["parent"].network_id
}

data "openstack_networking_trunk_v2" "trunk" {
  name = openstack_networking_trunk_v2.trunk.name
}

data "openstack_networking_router_v2" "router" {
  name = openstack_networking_router_v2.router.name
}

data "openstack_networking_floatingip_v2" "address" {
  address = openstack_networking_floatingip_v2.address.address
}

data "openstack_networking_quota_v2" "tenant" {
  project_id = openstack_networking_quota_v2.tenant.project_id
}

data "openstack_networking_qos_policy_v2" "policy" {
  name = openstack_networking_qos_policy_v2.policy.name
}

data "openstack_networking_qos_bandwidth_limit_rule_v2" "limit" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  max_kbps      = openstack_networking_qos_bandwidth_limit_rule_v2.limit.max_kbps
}

data "openstack_networking_qos_dscp_marking_rule_v2" "mark" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  dscp_mark     = openstack_networking_qos_dscp_marking_rule_v2.mark.dscp_mark
}

data "openstack_networking_qos_minimum_bandwidth_rule_v2" "floor" {
  qos_policy_id = openstack_networking_qos_policy_v2.policy.id
  min_kbps      = openstack_networking_qos_minimum_bandwidth_rule_v2.floor.min_kbps
}

data "openstack_fw_rule_v2" "rule" {
  name = openstack_fw_rule_v2.rule.name
}

data "openstack_fw_policy_v2" "policy" {
  name = openstack_fw_policy_v2.policy.name
}

data "openstack_fw_group_v2" "group" {
  name = openstack_fw_group_v2.group.name
}

output "same" {
  value = [
    data.openstack_networking_addressscope_v2.scope.id,
    data.openstack_networking_subnetpool_v2.pool.id,
    data.openstack_networking_network_v2.network.id,
    data.openstack_networking_subnet_v2.subnet.id,
    data.openstack_networking_segment_v2.segment.id,
    data.openstack_networking_secgroup_v2.group.id,
    data.openstack_networking_port_v2.child.id,
    data.openstack_networking_trunk_v2.trunk.id,
    data.openstack_networking_router_v2.router.id,
    data.openstack_networking_qos_policy_v2.policy.id,
    data.openstack_fw_rule_v2.rule.id,
    data.openstack_fw_policy_v2.policy.id,
    data.openstack_fw_group_v2.group.id,
    ] == [
    openstack_networking_addressscope_v2.scope.id,
    openstack_networking_subnetpool_v2.pool.id,
    openstack_networking_network_v2.network.id,
    openstack_networking_subnet_v2.subnet.id,
    openstack_networking_segment_v2.segment.id,
    openstack_networking_secgroup_v2.group.id,
    openstack_networking_port_v2.port["child"].id,
    openstack_networking_trunk_v2.trunk.id,
    openstack_networking_router_v2.router.id,
    openstack_networking_qos_policy_v2.policy.id,
    openstack_fw_rule_v2.rule.id,
    openstack_fw_policy_v2.policy.id,
    openstack_fw_group_v2.group.id,
  ] ? "true" : "false"
}

output "ports" {
  value = length(data.openstack_networking_port_ids_v2.both.ids)
}

output "subnets" {
  value = length(data.openstack_networking_subnet_ids_v2.tagged.ids)
}

output "quota" {
  value = "${openstack_networking_quota_v2.tenant.network} ${data.openstack_networking_quota_v2.tenant.network}"
}

output "rules" {
  value = join(" ", [
    data.openstack_networking_qos_bandwidth_limit_rule_v2.limit.max_kbps,
    data.openstack_networking_qos_dscp_marking_rule_v2.mark.dscp_mark,
    data.openstack_networking_qos_minimum_bandwidth_rule_v2.floor.min_kbps,
  ])
}

output "address" {
  value = data.openstack_networking_floatingip_v2.address.address
}
