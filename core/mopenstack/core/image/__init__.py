"""The Image service: after glance 32."""
