terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "name" {
  type    = string
  default = "before"
}

variable "ports" {
  type    = set(string)
  default = ["22", "80"]
}

variable "from" {
  type    = string
  default = "10.61.0.0/24"
}

resource "openstack_networking_secgroup_v2" "changing" {
  name        = var.name
  description = "named ${var.name}"
}

resource "openstack_networking_secgroup_rule_v2" "port" {
  for_each = var.ports

  security_group_id = openstack_networking_secgroup_v2.changing.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = tonumber(each.value)
  port_range_max    = tonumber(each.value)
}

resource "openstack_networking_secgroup_rule_v2" "ping" {
  security_group_id = openstack_networking_secgroup_v2.changing.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "icmp"
  remote_ip_prefix  = var.from
}
