terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_fw_rule_v2" "wrong" {
  name             = "wrong"
  action           = "allow"
  protocol         = "any"
  destination_port = "80"
}
