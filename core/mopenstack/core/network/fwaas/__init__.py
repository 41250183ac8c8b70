"""FWaaS v2: firewall rules, policies and groups (neutron_fwaas)."""
