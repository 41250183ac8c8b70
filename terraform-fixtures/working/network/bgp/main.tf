terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "announced" {
  name = "announced"
}

resource "openstack_networking_bgp_peer_v2" "peer" {
  name      = "peer"
  remote_as = 64601
  peer_ip   = "192.0.2.1"
}

resource "openstack_networking_bgp_speaker_v2" "speaker" {
  name     = "speaker"
  local_as = 64600
  peers    = [openstack_networking_bgp_peer_v2.peer.id]
  networks = [openstack_networking_network_v2.announced.id]
}

resource "openstack_networking_subnet_v2" "announced" {
  name       = "announced"
  network_id = openstack_networking_network_v2.announced.id
  cidr       = "10.75.0.0/24"
}

resource "openstack_networking_port_v2" "port" {
  name       = "announced"
  network_id = openstack_networking_network_v2.announced.id

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.announced.id
  }
}

resource "openstack_bgpvpn_v2" "vpn" {
  name          = "single-port"
  route_targets = ["64600:7"]
}

resource "openstack_bgpvpn_port_associate_v2" "port" {
  bgpvpn_id = openstack_bgpvpn_v2.vpn.id
  port_id   = openstack_networking_port_v2.port.id

  routes {
    type   = "prefix"
    prefix = "10.76.0.0/24"
  }
}
