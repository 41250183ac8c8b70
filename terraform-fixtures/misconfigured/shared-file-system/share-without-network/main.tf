terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_sharedfilesystem_share_v2" "wrong" {
  name        = "wrong"
  share_proto = "NFS"
  size        = 1
  share_type  = "dhss_true"
}
