resource "openstack_networking_secgroup_v2" "named" {
  name = "lifecycle"
}

resource "openstack_networking_secgroup_rule_v2" "web" {
  security_group_id = openstack_networking_secgroup_v2.named.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 80
  port_range_max    = 80
}
