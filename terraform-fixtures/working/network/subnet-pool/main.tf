terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_subnetpool_v2" "pool" {
  name              = "pool"
  prefixes          = ["10.40.0.0/16"]
  default_prefixlen = 24
  min_prefixlen     = 20
  max_prefixlen     = 28
}

resource "openstack_networking_network_v2" "pooled" {
  name = "pooled"
}

resource "openstack_networking_subnet_v2" "default" {
  name          = "pooled-default"
  network_id    = openstack_networking_network_v2.pooled.id
  subnetpool_id = openstack_networking_subnetpool_v2.pool.id
}

resource "openstack_networking_subnet_v2" "small" {
  name          = "pooled-small"
  network_id    = openstack_networking_network_v2.pooled.id
  subnetpool_id = openstack_networking_subnetpool_v2.pool.id
  prefix_length = 26

  depends_on = [openstack_networking_subnet_v2.default]
}

output "ranges" {
  value = "${openstack_networking_subnet_v2.small.cidr} ${openstack_networking_subnet_v2.default.cidr}"
}
