terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "company" {
  name = "company"
}

resource "openstack_identity_project_v3" "lab" {
  name = "lab"
}

resource "openstack_dns_zone_v2" "company" {
  project_id  = openstack_identity_project_v3.company.id
  name        = "company.example."
  email       = "hostmaster@company.example"
  description = "The company's zone"
  ttl         = 3000
}

# Names below lab.company.example. are kept by servers elsewhere.
resource "openstack_dns_recordset_v2" "delegation" {
  project_id = openstack_identity_project_v3.company.id
  zone_id    = openstack_dns_zone_v2.company.id
  name       = "lab.company.example."
  type       = "NS"
  ttl        = 3600
  records    = ["ns1.lab.company.example.", "ns2.lab.company.example."]
}

resource "openstack_dns_recordset_v2" "glue" {
  for_each   = { ns1 = "192.0.2.1", ns2 = "192.0.2.2" }
  project_id = openstack_identity_project_v3.company.id
  zone_id    = openstack_dns_zone_v2.company.id
  name       = "${each.key}.lab.company.example."
  type       = "A"
  records    = [each.value]
}

# The other project keeps names of its own in the zone.
resource "openstack_dns_zone_share_v2" "lab" {
  project_id        = openstack_identity_project_v3.company.id
  zone_id           = openstack_dns_zone_v2.company.id
  target_project_id = openstack_identity_project_v3.lab.id
}

resource "openstack_dns_recordset_v2" "lab" {
  project_id = openstack_identity_project_v3.lab.id
  zone_id    = openstack_dns_zone_share_v2.lab.zone_id
  name       = "experiment.company.example."
  type       = "AAAA"
  records    = ["2001:db8::1"]
}
