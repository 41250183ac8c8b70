"""Services, pools, quotas and messages."""
