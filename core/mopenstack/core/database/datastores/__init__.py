"""Datastores, their versions, and the parameters that these have."""
