resource "openstack_networking_secgroup_v2" "web" {
  name        = "three-tier-web"
  description = "Open to everybody"
}

resource "openstack_networking_secgroup_v2" "application" {
  name        = "three-tier-application"
  description = "Open to the web tier"
}

resource "openstack_networking_secgroup_v2" "database" {
  name        = "three-tier-database"
  description = "Open to the application tier"
}

resource "openstack_networking_secgroup_rule_v2" "web" {
  for_each = toset(["80", "443"])

  security_group_id = openstack_networking_secgroup_v2.web.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = tonumber(each.value)
  port_range_max    = tonumber(each.value)
  remote_ip_prefix  = "0.0.0.0/0"
}

resource "openstack_networking_secgroup_rule_v2" "web_ipv6" {
  security_group_id = openstack_networking_secgroup_v2.web.id
  direction         = "ingress"
  ethertype         = "IPv6"
  protocol          = "tcp"
  port_range_min    = 443
  port_range_max    = 443
  remote_ip_prefix  = "::/0"
}

resource "openstack_networking_secgroup_rule_v2" "ping" {
  for_each = {
    web         = openstack_networking_secgroup_v2.web.id
    application = openstack_networking_secgroup_v2.application.id
    database    = openstack_networking_secgroup_v2.database.id
  }

  security_group_id = each.value
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "icmp"
  remote_ip_prefix  = "10.20.0.0/16"
}

resource "openstack_networking_secgroup_rule_v2" "application" {
  security_group_id = openstack_networking_secgroup_v2.application.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 8080
  port_range_max    = 8089
  remote_group_id   = openstack_networking_secgroup_v2.web.id
}

resource "openstack_networking_secgroup_rule_v2" "database" {
  security_group_id = openstack_networking_secgroup_v2.database.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 5432
  port_range_max    = 5432
  remote_group_id   = openstack_networking_secgroup_v2.application.id
}
