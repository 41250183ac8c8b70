"""Replicas of shares."""
