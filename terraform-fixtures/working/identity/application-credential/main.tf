terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_application_credential_v3" "robot" {
  name        = "robot"
  description = "Reads the servers"
  roles       = ["reader"]
  expires_at  = "2099-12-31T23:59:59Z"

  access_rules {
    path    = "/v2.1/servers"
    service = "compute"
    method  = "GET"
  }
}

output "roles" {
  value = join(" ", openstack_identity_application_credential_v3.robot.roles)
}
