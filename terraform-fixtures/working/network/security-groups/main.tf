terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_secgroup_v2" "bare" {
  name                 = "bare"
  delete_default_rules = true
}

resource "openstack_networking_secgroup_v2" "peers" {
  name        = "peers"
  description = "Talk to each other"
  tags        = ["peers"]
}

resource "openstack_networking_secgroup_rule_v2" "any_to_peers" {
  security_group_id = openstack_networking_secgroup_v2.peers.id
  direction         = "ingress"
  ethertype         = "IPv4"
  remote_group_id   = openstack_networking_secgroup_v2.peers.id
}

resource "openstack_networking_secgroup_rule_v2" "range" {
  security_group_id = openstack_networking_secgroup_v2.bare.id
  description       = "a range of ports"
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "udp"
  port_range_min    = 6000
  port_range_max    = 6010
  remote_ip_prefix  = "10.41.0.0/24"
}

resource "openstack_networking_secgroup_rule_v2" "ping6" {
  security_group_id = openstack_networking_secgroup_v2.bare.id
  direction         = "ingress"
  ethertype         = "IPv6"
  protocol          = "ipv6-icmp"
}

resource "openstack_networking_secgroup_rule_v2" "out" {
  security_group_id = openstack_networking_secgroup_v2.bare.id
  direction         = "egress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 443
  port_range_max    = 443
}

resource "openstack_networking_network_v2" "guarded" {
  name = "guarded"
}

resource "openstack_networking_subnet_v2" "guarded" {
  name       = "guarded"
  network_id = openstack_networking_network_v2.guarded.id
  cidr       = "10.41.0.0/24"
  no_gateway = true
}

resource "openstack_networking_port_v2" "guarded" {
  name       = "guarded"
  network_id = openstack_networking_network_v2.guarded.id
  security_group_ids = [
    openstack_networking_secgroup_v2.bare.id,
    openstack_networking_secgroup_v2.peers.id,
  ]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.guarded.id
  }

  allowed_address_pairs {
    ip_address = "10.41.0.250"
  }
}
