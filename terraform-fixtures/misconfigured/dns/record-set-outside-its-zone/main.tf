terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_dns_zone_v2" "zone" {
  name  = "inside.example."
  email = "hostmaster@inside.example"
}

resource "openstack_dns_recordset_v2" "wrong" {
  zone_id = openstack_dns_zone_v2.zone.id
  name    = "www.outside.example."
  type    = "A"
  records = ["192.0.2.1"]
}
