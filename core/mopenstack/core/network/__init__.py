"""Neutron's rules, one module a resource."""
