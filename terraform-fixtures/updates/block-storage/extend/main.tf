terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "size" {
  type    = number
  default = 1
}

variable "name" {
  type    = string
  default = "before"
}

resource "openstack_blockstorage_volume_v3" "changing" {
  name        = var.name
  description = "named ${var.name}"
  size        = var.size

  metadata = {
    name = var.name
  }
}

output "size" {
  value = openstack_blockstorage_volume_v3.changing.size
}
