terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_keymanager_secret_v1" "wrong" {
  name                 = "wrong"
  payload              = "late"
  payload_content_type = "text/plain"
  expiration           = "2020-01-01T00:00:00Z"
}
