"""Cluster templates."""
