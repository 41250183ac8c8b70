terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_qos_policy_v2" "slow" {
  name        = "slow"
  description = "For those who do not pay"
  shared      = true
}

resource "openstack_networking_qos_bandwidth_limit_rule_v2" "out" {
  qos_policy_id  = openstack_networking_qos_policy_v2.slow.id
  max_kbps       = 3000
  max_burst_kbps = 300
  direction      = "egress"
}

resource "openstack_networking_qos_bandwidth_limit_rule_v2" "in" {
  qos_policy_id = openstack_networking_qos_policy_v2.slow.id
  max_kbps      = 6000
  direction     = "ingress"
}

resource "openstack_networking_qos_dscp_marking_rule_v2" "mark" {
  qos_policy_id = openstack_networking_qos_policy_v2.slow.id
  dscp_mark     = 26
}

resource "openstack_networking_qos_minimum_bandwidth_rule_v2" "floor" {
  qos_policy_id = openstack_networking_qos_policy_v2.slow.id
  min_kbps      = 100
}

resource "openstack_networking_network_v2" "slow" {
  name          = "slow"
  qos_policy_id = openstack_networking_qos_policy_v2.slow.id
}

resource "openstack_networking_port_v2" "slow" {
  name          = "slow"
  network_id    = openstack_networking_network_v2.slow.id
  qos_policy_id = openstack_networking_qos_policy_v2.slow.id
}
