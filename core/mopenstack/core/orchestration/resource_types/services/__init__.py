"""The types of other services: a module of rows each, and in it what no row can say."""
