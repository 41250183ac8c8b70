"""Mistral: workflows that run."""
