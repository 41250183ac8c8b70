terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "dual" {
  name        = "dual-stack"
  description = "Both families"
  tags        = ["dual", "stack"]
}

resource "openstack_networking_subnet_v2" "v4" {
  name        = "dual-stack-v4"
  network_id  = openstack_networking_network_v2.dual.id
  ip_version  = 4
  cidr        = "10.30.0.0/24"
  gateway_ip  = "10.30.0.254"
  enable_dhcp = true
  tags        = ["v4"]
}

resource "openstack_networking_subnet_v2" "v6" {
  name              = "dual-stack-v6"
  network_id        = openstack_networking_network_v2.dual.id
  ip_version        = 6
  cidr              = "fd00:30::/64"
  ipv6_address_mode = "dhcpv6-stateful"
  ipv6_ra_mode      = "dhcpv6-stateful"
}

resource "openstack_networking_port_v2" "both" {
  name       = "dual-stack"
  network_id = openstack_networking_network_v2.dual.id
  tags       = ["both"]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.v4.id
  }

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.v6.id
  }
}

output "addresses" {
  value = join(" ", openstack_networking_port_v2.both.all_fixed_ips)
}
