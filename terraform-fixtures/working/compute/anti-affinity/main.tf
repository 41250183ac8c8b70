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

data "openstack_networking_network_v2" "private" {
  name = "private"
}

resource "openstack_compute_servergroup_v2" "apart" {
  name     = "apart"
  policies = ["anti-affinity"]
}

resource "openstack_compute_instance_v2" "each" {
  count       = 3
  name        = "apart-${count.index}"
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = "m1.tiny"

  network {
    uuid = data.openstack_networking_network_v2.private.id
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.apart.id
  }
}
