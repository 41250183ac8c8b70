"""Accounts, and what TempAuth and the cluster tell."""
