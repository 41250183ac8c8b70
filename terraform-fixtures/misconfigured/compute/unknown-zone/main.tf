terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "wrong" {
  name = "wrong"
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

resource "openstack_networking_subnet_v2" "wrong" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.wrong.id
  cidr       = "10.70.4.0/24"
}

resource "openstack_compute_instance_v2" "wrong" {
  name              = "wrong"
  image_id          = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name       = "m1.tiny"
  availability_zone = "nowhere"

  network {
    uuid = openstack_networking_subnet_v2.wrong.network_id
  }
}
