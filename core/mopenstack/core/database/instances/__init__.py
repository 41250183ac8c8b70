"""Instances: what they are made of, their actions and states."""
