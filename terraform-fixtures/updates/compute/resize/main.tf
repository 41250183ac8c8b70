terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "flavor" {
  type    = string
  default = "m1.tiny"
}

variable "name" {
  type    = string
  default = "before"
}

variable "power_state" {
  type    = string
  default = "active"
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

resource "openstack_networking_network_v2" "resize" {
  name = "resize"
}

resource "openstack_networking_subnet_v2" "resize" {
  name       = "resize"
  network_id = openstack_networking_network_v2.resize.id
  cidr       = "10.63.0.0/24"
}

resource "openstack_compute_instance_v2" "changing" {
  name        = var.name
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = var.flavor
  power_state = var.power_state
  tags        = [var.name]

  metadata = {
    (var.name) = "yes"
    common     = var.flavor
  }

  network {
    uuid = openstack_networking_subnet_v2.resize.network_id
  }
}

output "power_state" {
  value = openstack_compute_instance_v2.changing.power_state
}
