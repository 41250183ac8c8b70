terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "external_network" {
  description = "Name of the network that leads outside."
  type        = string
  default     = "public"
}

variable "flavor" {
  type    = string
  default = "m1.tiny"
}

data "openstack_networking_network_v2" "external" {
  name     = var.external_network
  external = true
}

data "openstack_compute_flavor_v2" "server" {
  name = var.flavor
}

resource "openstack_compute_keypair_v2" "operator" {
  name       = "three-tier-operator"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMKBh2GK8uCv/ze+F4ygTw4X7CmEUOgsQWwq5K9mxDNF conformance"
}

resource "openstack_images_image_v2" "server" {
  name             = "three-tier-server"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  min_ram_mb       = 64
  tags             = ["three-tier"]

  properties = {
    os_distro = "cirros"
  }
}

resource "openstack_compute_servergroup_v2" "apart" {
  name     = "three-tier-apart"
  policies = ["soft-anti-affinity"]
}

resource "openstack_compute_instance_v2" "web" {
  name      = "three-tier-web"
  image_id  = openstack_images_image_v2.server.id
  flavor_id = data.openstack_compute_flavor_v2.server.id
  key_pair  = openstack_compute_keypair_v2.operator.name
  user_data = "#!/bin/sh\necho web\n"
  tags      = ["web"]

  metadata = {
    tier = "web"
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.apart.id
  }

  network {
    port = openstack_networking_port_v2.web.id
  }
}

resource "openstack_compute_instance_v2" "application" {
  name      = "three-tier-application"
  image_id  = openstack_images_image_v2.server.id
  flavor_id = data.openstack_compute_flavor_v2.server.id
  key_pair  = openstack_compute_keypair_v2.operator.name

  metadata = {
    tier = "application"
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.apart.id
  }

  network {
    port = openstack_networking_port_v2.application.id
  }
}

resource "openstack_compute_instance_v2" "database" {
  name      = "three-tier-database"
  flavor_id = data.openstack_compute_flavor_v2.server.id
  key_pair  = openstack_compute_keypair_v2.operator.name

  metadata = {
    tier = "database"
  }

  block_device {
    uuid                  = openstack_blockstorage_volume_v3.database_root.id
    source_type           = "volume"
    destination_type      = "volume"
    boot_index            = 0
    delete_on_termination = false
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.apart.id
  }

  network {
    port = openstack_networking_port_v2.database.id
  }
}
