"""Clusters and their node groups."""
