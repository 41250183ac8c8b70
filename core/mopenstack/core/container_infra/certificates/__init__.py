"""Authorities of clusters, and what they sign."""
