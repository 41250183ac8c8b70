terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

data "openstack_networking_network_v2" "public" {
  external = true
}

resource "openstack_compute_keypair_v2" "key" {
  name = "two-regions"
}

resource "openstack_networking_network_v2" "network" {
  name = "two-regions"
}

resource "openstack_networking_subnet_v2" "subnet" {
  name       = "two-regions"
  network_id = openstack_networking_network_v2.network.id
  cidr       = "10.60.0.0/24"
}

resource "openstack_networking_router_v2" "router" {
  name                = "two-regions"
  external_network_id = data.openstack_networking_network_v2.public.id
}

resource "openstack_networking_router_interface_v2" "interface" {
  router_id = openstack_networking_router_v2.router.id
  subnet_id = openstack_networking_subnet_v2.subnet.id
}

resource "openstack_blockstorage_volume_v3" "data" {
  name = "two-regions"
  size = 1
}

resource "openstack_compute_instance_v2" "server" {
  name        = "two-regions"
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = "m1.tiny"
  key_pair    = openstack_compute_keypair_v2.key.name

  network {
    uuid        = openstack_networking_subnet_v2.subnet.network_id
    fixed_ip_v4 = "10.60.0.10"
  }
}

resource "openstack_compute_volume_attach_v2" "data" {
  instance_id = openstack_compute_instance_v2.server.id
  volume_id   = openstack_blockstorage_volume_v3.data.id
}

output "region" {
  value = openstack_compute_instance_v2.server.region
}

output "ids" {
  value = [
    openstack_compute_instance_v2.server.id,
    openstack_compute_instance_v2.server.image_id,
    openstack_networking_network_v2.network.id,
    openstack_blockstorage_volume_v3.data.id,
    data.openstack_networking_network_v2.public.id,
  ]
}
