"""The scenarios as a pytest suite: pytest-xdist runs them side by side, a cloud each."""
