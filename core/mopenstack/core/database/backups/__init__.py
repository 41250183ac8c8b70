"""Backups of instances."""
