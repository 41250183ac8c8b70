"""Availability zones of load balancers and their profiles."""
