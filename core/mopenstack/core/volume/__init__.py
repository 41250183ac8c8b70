"""The Block Storage service (Cinder): one module a resource."""
