terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "way" {
  type    = string
  default = "password"
}

data "openstack_identity_auth_scope_v3" "scope" {
  name = "scope"
}

resource "openstack_networking_network_v2" "network" {
  name        = "sign-in"
  description = var.way
}

resource "openstack_blockstorage_volume_v3" "volume" {
  name        = "sign-in"
  description = var.way
  size        = 1
}

resource "openstack_compute_keypair_v2" "key" {
  name       = "sign-in-${var.way}"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMKBh2GK8uCv/ze+F4ygTw4X7CmEUOgsQWwq5K9mxDNF conformance"
}

output "user" {
  value = data.openstack_identity_auth_scope_v3.scope.user_name
}
