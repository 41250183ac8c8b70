order = ["ssh", "web", "rest"]
