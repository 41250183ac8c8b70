terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_images_image_v2" "nodes" {
  name             = "coreos"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"

  properties = {
    os_distro = "fedora-coreos"
  }
}

data "openstack_networking_network_v2" "public" {
  name = "public"
}

variable "nodes" {
  type    = number
  default = 1
}

variable "most" {
  type    = number
  default = 2
}

resource "openstack_containerinfra_clustertemplate_v1" "kubernetes" {
  name                = "resized"
  coe                 = "kubernetes"
  image               = openstack_images_image_v2.nodes.id
  external_network_id = data.openstack_networking_network_v2.public.id
  flavor              = "m1.small"
  master_flavor       = "m1.small"
  network_driver      = "flannel"
}

resource "openstack_containerinfra_cluster_v1" "resized" {
  name                = "resized"
  cluster_template_id = openstack_containerinfra_clustertemplate_v1.kubernetes.id
  master_count        = 1
  node_count          = var.nodes
}

resource "openstack_containerinfra_nodegroup_v1" "burst" {
  name           = "burst"
  cluster_id     = openstack_containerinfra_cluster_v1.resized.id
  node_count     = var.nodes
  max_node_count = var.most
}

output "nodes" {
  value = openstack_containerinfra_nodegroup_v1.burst.node_count
}
