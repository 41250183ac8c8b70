terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_images_image_v2" "wrong" {
  name             = "wrong"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  visibility       = "public"
}
