terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "team" {
  name = "dns-team"
}

resource "openstack_dns_quota_v2" "team" {
  project_id        = openstack_identity_project_v3.team.id
  zones             = 3
  zone_recordsets   = 40
  zone_records      = 80
  recordset_records = 10
  api_export_size   = 200
}

resource "openstack_dns_zone_v2" "moving" {
  name  = "moving.example."
  email = "hostmaster@moving.example"
  ttl   = 3000
}

# The zone is handed over; here to the project that has it, so that all can be destroyed by one account.
resource "openstack_dns_transfer_request_v2" "moving" {
  zone_id           = openstack_dns_zone_v2.moving.id
  target_project_id = openstack_dns_zone_v2.moving.project_id
  description       = "To the new owner"
}

resource "openstack_dns_transfer_accept_v2" "moving" {
  zone_transfer_request_id = openstack_dns_transfer_request_v2.moving.id
  key                      = openstack_dns_transfer_request_v2.moving.key
}

resource "openstack_dns_zone_share_v2" "team" {
  zone_id           = openstack_dns_zone_v2.moving.id
  target_project_id = openstack_identity_project_v3.team.id
}

data "openstack_dns_zone_v2" "moving" {
  name       = openstack_dns_zone_v2.moving.name
  depends_on = [openstack_dns_transfer_accept_v2.moving]
}

data "openstack_dns_zone_share_v2" "team" {
  zone_id           = openstack_dns_zone_share_v2.team.zone_id
  target_project_id = openstack_identity_project_v3.team.id
}

output "zone" {
  value = data.openstack_dns_zone_v2.moving.id == openstack_dns_zone_v2.moving.id ? "yes" : "no"
}

output "share" {
  value = endswith(openstack_dns_zone_share_v2.team.id, data.openstack_dns_zone_share_v2.team.share_id) ? "yes" : "no"
}
