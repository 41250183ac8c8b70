names = ["two", "three"]
cidr  = "10.81.0.0/24"
