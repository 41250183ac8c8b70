"""Services, back ends and the scheduler."""
