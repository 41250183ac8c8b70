"""Our tests of Skyline in front of a cloud."""
