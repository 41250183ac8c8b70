"""VPNaaS: IPsec connections between sites (neutron_vpnaas)."""
