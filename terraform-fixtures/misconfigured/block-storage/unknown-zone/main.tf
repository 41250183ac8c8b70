terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_blockstorage_volume_v3" "wrong" {
  name              = "wrong"
  size              = 1
  availability_zone = "nowhere"
}
