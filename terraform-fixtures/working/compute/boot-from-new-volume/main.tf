terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

resource "openstack_networking_network_v2" "boot" {
  name = "boot"
}

resource "openstack_networking_subnet_v2" "boot" {
  name       = "boot"
  network_id = openstack_networking_network_v2.boot.id
  cidr       = "10.52.0.0/24"
}

resource "openstack_compute_servergroup_v2" "apart" {
  name     = "boot-apart"
  policies = ["anti-affinity"]
}

resource "openstack_compute_instance_v2" "boot" {
  name        = "boot"
  flavor_name = "m1.tiny"

  block_device {
    uuid                  = data.openstack_images_image_ids_v2.cirros.ids[0]
    source_type           = "image"
    destination_type      = "volume"
    volume_size           = 2
    boot_index            = 0
    delete_on_termination = true
  }

  block_device {
    source_type           = "blank"
    destination_type      = "volume"
    volume_size           = 1
    boot_index            = 1
    delete_on_termination = true
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.apart.id
  }

  network {
    uuid = openstack_networking_subnet_v2.boot.network_id
  }
}
