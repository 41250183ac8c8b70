terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_dns_zone_v2" "zone" {
  name  = "beside.example."
  email = "hostmaster@beside.example"
}

resource "openstack_dns_recordset_v2" "address" {
  zone_id = openstack_dns_zone_v2.zone.id
  name    = "www.beside.example."
  type    = "A"
  records = ["192.0.2.1"]
}

resource "openstack_dns_recordset_v2" "wrong" {
  zone_id = openstack_dns_zone_v2.zone.id
  name    = openstack_dns_recordset_v2.address.name
  type    = "CNAME"
  records = ["elsewhere.example."]
}
