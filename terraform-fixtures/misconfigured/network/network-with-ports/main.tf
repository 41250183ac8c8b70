terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "network" {
  type    = bool
  default = true
}

variable "port" {
  type    = bool
  default = false
}

resource "openstack_networking_network_v2" "wrong" {
  count = var.network ? 1 : 0
  name  = "still-used"
}

# Found by its name, so that Terraform does not know that the port needs the network.
data "openstack_networking_network_v2" "wrong" {
  count = var.port ? 1 : 0
  name  = "still-used"
}

resource "openstack_networking_port_v2" "forgotten" {
  count      = var.port ? 1 : 0
  name       = "forgotten"
  network_id = data.openstack_networking_network_v2.wrong[0].id

  depends_on = [openstack_networking_network_v2.wrong]
}
