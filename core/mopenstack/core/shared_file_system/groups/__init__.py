"""Groups of shares."""
