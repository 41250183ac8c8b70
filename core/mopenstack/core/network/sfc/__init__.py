"""Service function chaining: traffic led through ports of service functions (networking_sfc)."""
