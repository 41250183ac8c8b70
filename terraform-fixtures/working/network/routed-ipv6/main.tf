terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_networking_network_v2" "external" {
  name     = "public"
  external = true
}

resource "openstack_networking_addressscope_v2" "routed" {
  name       = "routed"
  ip_version = 6
}

resource "openstack_networking_subnetpool_v2" "routed" {
  name              = "routed"
  prefixes          = ["fd00:34::/48"]
  default_prefixlen = 64
  address_scope_id  = openstack_networking_addressscope_v2.routed.id
}

resource "openstack_networking_network_v2" "routed" {
  name = "routed-ipv6"
}

resource "openstack_networking_subnet_v2" "routed" {
  name              = "routed-ipv6"
  network_id        = openstack_networking_network_v2.routed.id
  ip_version        = 6
  subnetpool_id     = openstack_networking_subnetpool_v2.routed.id
  ipv6_address_mode = "slaac"
  ipv6_ra_mode      = "slaac"
}

resource "openstack_networking_router_v2" "edge" {
  name                = "edge"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "edge" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.routed.id
}

resource "openstack_networking_port_v2" "host" {
  name        = "host"
  network_id  = openstack_networking_network_v2.routed.id
  mac_address = "fa:16:3e:00:00:34"

  depends_on = [openstack_networking_subnet_v2.routed]
}

output "address" {
  value = openstack_networking_port_v2.host.all_fixed_ips[0]
}
