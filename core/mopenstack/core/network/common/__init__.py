"""What the extensions of Neutron share: base classes, RBAC, tags, quotas."""
