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

resource "openstack_containerinfra_clustertemplate_v1" "kubernetes" {
  name                = "kubernetes"
  coe                 = "kubernetes"
  image               = openstack_images_image_v2.nodes.id
  external_network_id = data.openstack_networking_network_v2.public.id
  flavor              = "m1.small"
  master_flavor       = "m1.small"
}

resource "openstack_containerinfra_cluster_v1" "wrong" {
  name                = "wrong"
  cluster_template_id = openstack_containerinfra_clustertemplate_v1.kubernetes.id
  master_count        = 1
  node_count          = 1
  keypair             = "nobody"
}
