"""The command line. It starts both core and gateway, which nothing else may."""
