"""Flavors of load balancers and their profiles."""
