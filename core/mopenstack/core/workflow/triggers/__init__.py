"""What starts workflows: the clock, and events."""
