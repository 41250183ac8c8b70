"""`make fuzz`: hostile requests against clouds of every arrangement; each fault comes with its smallest reproducer."""
