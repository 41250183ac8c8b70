"""Compute hosts, their services, aggregates and availability zones."""
