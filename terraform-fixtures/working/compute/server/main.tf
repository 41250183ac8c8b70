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

resource "openstack_compute_keypair_v2" "generated" {
  name = "server-generated"
}

resource "openstack_networking_network_v2" "each" {
  count = 2
  name  = "server-${count.index}"
}

resource "openstack_networking_subnet_v2" "each" {
  count      = 2
  name       = "server-${count.index}"
  network_id = openstack_networking_network_v2.each[count.index].id
  cidr       = "10.${50 + count.index}.0.0/24"
}

resource "openstack_compute_instance_v2" "server" {
  name              = "server"
  image_id          = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name       = "m1.tiny"
  key_pair          = openstack_compute_keypair_v2.generated.name
  availability_zone = "nova"
  security_groups   = ["default"]
  user_data         = "#!/bin/sh\necho hello\n"
  tags              = ["one", "two"]

  metadata = {
    purpose = "conformance"
  }

  dynamic "network" {
    for_each = openstack_networking_subnet_v2.each
    content {
      uuid = network.value.network_id
    }
  }
}

output "power_state" {
  value = openstack_compute_instance_v2.server.power_state
}

output "first_address" {
  value = openstack_compute_instance_v2.server.network[0].fixed_ip_v4
}
