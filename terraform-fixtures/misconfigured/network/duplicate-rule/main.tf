terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_secgroup_v2" "wrong" {
  name = "wrong"
}

resource "openstack_networking_secgroup_rule_v2" "by_name" {
  security_group_id = openstack_networking_secgroup_v2.wrong.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 22
  port_range_max    = 22
}

resource "openstack_networking_secgroup_rule_v2" "by_number" {
  security_group_id = openstack_networking_secgroup_v2.wrong.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "6"
  port_range_min    = 22
  port_range_max    = 22

  depends_on = [openstack_networking_secgroup_rule_v2.by_name]
}
