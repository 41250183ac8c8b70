terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "server" {
  description = "Index of the server that has the volume; none when negative."
  type        = number
  default     = 0
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

resource "openstack_networking_network_v2" "move" {
  name = "move"
}

resource "openstack_networking_subnet_v2" "move" {
  name       = "move"
  network_id = openstack_networking_network_v2.move.id
  cidr       = "10.64.0.0/24"
}

resource "openstack_compute_instance_v2" "each" {
  count       = 2
  name        = "move-${count.index}"
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = "m1.tiny"

  network {
    uuid = openstack_networking_subnet_v2.move.network_id
  }
}

resource "openstack_blockstorage_volume_v3" "moving" {
  name = "moving"
  size = 1
}

resource "openstack_compute_volume_attach_v2" "moving" {
  count       = var.server < 0 ? 0 : 1
  instance_id = openstack_compute_instance_v2.each[var.server].id
  volume_id   = openstack_blockstorage_volume_v3.moving.id
}
