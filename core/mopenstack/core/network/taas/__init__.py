"""Tap as a service: mirrored ports (neutron_taas)."""
