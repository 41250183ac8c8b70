terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "carried" {
  type    = list(string)
  default = ["101"]
}

resource "openstack_networking_network_v2" "parent" {
  name = "trunk-parent"
}

resource "openstack_networking_port_v2" "parent" {
  name       = "trunk-parent"
  network_id = openstack_networking_network_v2.parent.id
}

resource "openstack_networking_network_v2" "vlan" {
  for_each = toset(["101", "102"])
  name     = "vlan-${each.key}"
}

resource "openstack_networking_port_v2" "vlan" {
  for_each   = openstack_networking_network_v2.vlan
  name       = "vlan-${each.key}"
  network_id = each.value.id
}

resource "openstack_networking_trunk_v2" "trunk" {
  name           = "trunk"
  admin_state_up = true
  port_id        = openstack_networking_port_v2.parent.id
  tags           = ["conformance"]

  dynamic "sub_port" {
    for_each = toset(var.carried)
    content {
      port_id           = openstack_networking_port_v2.vlan[sub_port.key].id
      segmentation_type = "vlan"
      segmentation_id   = tonumber(sub_port.key)
    }
  }
}

output "sub_ports" {
  value = length(openstack_networking_trunk_v2.trunk.sub_port)
}
