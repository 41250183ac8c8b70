"""Objects: their bytes, and what is made of several."""
