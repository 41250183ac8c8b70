"""Databases and users inside of an instance, as its guest keeps them."""
