"""Authentication and tokens (keystone.auth, keystone.token)."""
