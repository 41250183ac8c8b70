"""Routers, floating IPs and what stands on them."""
