terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

locals {
  networks = 20
  ports    = 50
  rules    = 50
}

resource "openstack_networking_router_v2" "hub" {
  name = "side-by-side"
}

resource "openstack_networking_network_v2" "each" {
  count = local.networks
  name  = "side-by-side-${count.index}"
}

resource "openstack_networking_subnet_v2" "each" {
  count      = local.networks
  name       = "side-by-side-${count.index}"
  network_id = openstack_networking_network_v2.each[count.index].id
  cidr       = "10.90.${count.index}.0/24"
}

resource "openstack_networking_router_interface_v2" "each" {
  count     = local.networks
  router_id = openstack_networking_router_v2.hub.id
  subnet_id = openstack_networking_subnet_v2.each[count.index].id
}

resource "openstack_networking_secgroup_v2" "group" {
  name = "side-by-side"
}

resource "openstack_networking_secgroup_rule_v2" "each" {
  count             = local.rules
  security_group_id = openstack_networking_secgroup_v2.group.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 9000 + count.index
  port_range_max    = 9000 + count.index
}

resource "openstack_networking_port_v2" "each" {
  count              = local.ports
  name               = "side-by-side-${count.index}"
  network_id         = openstack_networking_network_v2.each[0].id
  security_group_ids = [openstack_networking_secgroup_v2.group.id]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.each[0].id
  }
}

output "addresses" {
  value = length(distinct(flatten(openstack_networking_port_v2.each[*].all_fixed_ips)))
}
