"""OAuth 1.0 (keystone.oauth1)."""
