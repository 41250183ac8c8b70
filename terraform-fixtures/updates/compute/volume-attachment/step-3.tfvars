server = -1
