"""Clouds for tests: what pytest's fixtures `mopenstack` and `cloud` give."""
