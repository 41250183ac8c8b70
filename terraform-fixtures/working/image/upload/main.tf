terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_images_image_v2" "upload" {
  name             = "upload"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  visibility       = "private"
  min_disk_gb      = 1
  min_ram_mb       = 32
  protected        = false
  tags             = ["first", "second"]

  properties = {
    hw_disk_bus = "virtio"
    os_version  = "1"
  }
}

data "openstack_images_image_v2" "found" {
  name        = openstack_images_image_v2.upload.name
  tag         = "second"
  most_recent = true

  depends_on = [openstack_images_image_v2.upload]
}

output "checksum" {
  value = data.openstack_images_image_v2.found.checksum
}

output "size" {
  value = data.openstack_images_image_v2.found.size_bytes
}
