terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_compute_keypair_v2" "wrong" {
  name       = "wrong"
  public_key = "ssh-rsa this-is-no-key"
}
