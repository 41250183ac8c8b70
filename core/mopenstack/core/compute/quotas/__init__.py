"""Quotas, limits and usage reports."""
