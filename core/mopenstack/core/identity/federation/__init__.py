"""Federation (keystone.federation)."""
