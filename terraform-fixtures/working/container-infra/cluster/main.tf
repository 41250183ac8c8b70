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

resource "openstack_compute_keypair_v2" "admin" {
  name = "cluster"
}

resource "openstack_containerinfra_clustertemplate_v1" "kubernetes" {
  name                  = "kubernetes"
  coe                   = "kubernetes"
  image                 = openstack_images_image_v2.nodes.id
  external_network_id   = data.openstack_networking_network_v2.public.id
  flavor                = "m1.medium"
  master_flavor         = "m1.small"
  network_driver        = "calico"
  volume_driver         = "cinder"
  docker_storage_driver = "overlay2"
  docker_volume_size    = 10
  floating_ip_enabled   = false
  master_lb_enabled     = true

  labels = {
    kube_tag = "v1.30.2"
  }
}

resource "openstack_containerinfra_cluster_v1" "shop" {
  name                = "shop"
  cluster_template_id = openstack_containerinfra_clustertemplate_v1.kubernetes.id
  master_count        = 3
  node_count          = 2
  keypair             = openstack_compute_keypair_v2.admin.id
  merge_labels        = true

  labels = {
    team = "shop"
  }
}

resource "openstack_containerinfra_nodegroup_v1" "gpu" {
  name           = "gpu"
  cluster_id     = openstack_containerinfra_cluster_v1.shop.id
  role           = "gpu"
  flavor_id      = "m1.large"
  image_id       = openstack_images_image_v2.nodes.id
  node_count     = 2
  min_node_count = 1
  max_node_count = 4
}

data "openstack_containerinfra_nodegroup_v1" "masters" {
  cluster_id = openstack_containerinfra_cluster_v1.shop.id
  name       = "default-master"
}

data "openstack_containerinfra_cluster_v1" "shop" {
  name = openstack_containerinfra_cluster_v1.shop.name
}

data "openstack_containerinfra_clustertemplate_v1" "kubernetes" {
  name = openstack_containerinfra_clustertemplate_v1.kubernetes.name
}

output "seen" {
  value = data.openstack_containerinfra_cluster_v1.shop.cluster_template_id == data.openstack_containerinfra_clustertemplate_v1.kubernetes.id
}

output "version" {
  value = openstack_containerinfra_cluster_v1.shop.coe_version
}

output "masters" {
  value = data.openstack_containerinfra_nodegroup_v1.masters.node_count
}

output "kubeconfig" {
  value     = yamldecode(openstack_containerinfra_cluster_v1.shop.kubeconfig.raw_config).kind
  sensitive = true
}

output "authority" {
  value     = split("\n", openstack_containerinfra_cluster_v1.shop.kubeconfig.cluster_ca_certificate)[0]
  sensitive = true
}
