"""Shares, and what is done with them."""
