"""Trove: databases in servers, volumes and networks that the service's own user makes."""
