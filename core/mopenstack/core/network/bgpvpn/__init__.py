"""BGP VPNs and what is associated with them (networking_bgpvpn)."""
