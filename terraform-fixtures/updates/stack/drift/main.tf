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

resource "openstack_identity_user_v3" "user" {
  name     = "drift"
  password = "not-a-secret"
}

resource "openstack_identity_group_v3" "group" {
  name        = "drift"
  description = "as it was"
}

resource "openstack_networking_network_v2" "network" {
  name = "drift"
}

resource "openstack_networking_subnet_v2" "subnet" {
  name       = "drift"
  network_id = openstack_networking_network_v2.network.id
  cidr       = "10.95.0.0/24"
}

resource "openstack_networking_router_v2" "router" {
  name = "drift"
}

resource "openstack_networking_router_interface_v2" "inside" {
  router_id = openstack_networking_router_v2.router.id
  subnet_id = openstack_networking_subnet_v2.subnet.id
}

resource "openstack_networking_port_v2" "port" {
  name           = "drift"
  network_id     = openstack_networking_network_v2.network.id
  admin_state_up = true

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.subnet.id
  }
}

resource "openstack_compute_keypair_v2" "key" {
  name       = "drift"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMKBh2GK8uCv/ze+F4ygTw4X7CmEUOgsQWwq5K9mxDNF conformance"
}

resource "openstack_compute_instance_v2" "server" {
  name        = "drift"
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = "m1.tiny"

  metadata = {
    purpose = "as it was"
  }

  network {
    port = openstack_networking_port_v2.port.id
  }
}

resource "openstack_blockstorage_volume_v3" "volume" {
  name        = "drift"
  description = "as it was"
  size        = 1
}

resource "openstack_blockstorage_volume_v3" "gone" {
  name = "drift-gone"
  size = 1
}

resource "openstack_images_image_v2" "image" {
  name             = "drift"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  tags             = ["here"]
}
