terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "name" {
  type    = string
  default = "before"
}

variable "properties" {
  type = map(string)
  default = {
    os_distro  = "cirros"
    going_away = "yes"
  }
}

resource "openstack_images_image_v2" "changing" {
  name             = var.name
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  tags             = ["common", var.name]
  properties       = var.properties
}
