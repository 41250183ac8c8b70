terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_images_image_v2" "nodes" {
  name             = "nodes"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
}

resource "openstack_containerinfra_clustertemplate_v1" "wrong" {
  name          = "wrong"
  coe           = "kubernetes"
  image         = openstack_images_image_v2.nodes.id
  flavor        = "m1.small"
  master_flavor = "m1.small"
}
