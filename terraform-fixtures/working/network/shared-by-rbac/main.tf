terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "shared" {
  name = "shared"
}

resource "openstack_networking_subnet_v2" "shared" {
  name       = "shared"
  network_id = openstack_networking_network_v2.shared.id
  cidr       = "10.33.0.0/24"
}

resource "openstack_identity_project_v3" "guest" {
  name        = "guest"
  description = "May put ports on somebody else's network"
}

resource "openstack_networking_rbac_policy_v2" "guest" {
  action        = "access_as_shared"
  object_type   = "network"
  object_id     = openstack_networking_network_v2.shared.id
  target_tenant = openstack_identity_project_v3.guest.id
}

resource "openstack_networking_port_v2" "guest" {
  name               = "guest"
  tenant_id          = openstack_identity_project_v3.guest.id
  network_id         = openstack_networking_network_v2.shared.id
  no_security_groups = true

  # The policy stays while the guest has ports.
  depends_on = [openstack_networking_subnet_v2.shared, openstack_networking_rbac_policy_v2.guest]
}

output "guest_address" {
  value = openstack_networking_port_v2.guest.all_fixed_ips[0]
}
