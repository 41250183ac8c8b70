"""Record sets."""
