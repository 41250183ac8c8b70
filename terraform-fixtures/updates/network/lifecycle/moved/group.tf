moved {
  from = openstack_networking_secgroup_v2.named
  to   = openstack_networking_secgroup_v2.renamed
}

moved {
  from = openstack_networking_secgroup_rule_v2.web
  to   = openstack_networking_secgroup_rule_v2.web["80"]
}

resource "openstack_networking_secgroup_v2" "renamed" {
  name = "lifecycle"
}

resource "openstack_networking_secgroup_rule_v2" "web" {
  for_each          = toset(["80"])
  security_group_id = openstack_networking_secgroup_v2.renamed.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = tonumber(each.key)
  port_range_max    = tonumber(each.key)
}
