"""Stacks as the API has them."""
