"""Application credentials (keystone.application_credential)."""
