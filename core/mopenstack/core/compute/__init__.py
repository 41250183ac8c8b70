"""The compute service: one module a resource."""
