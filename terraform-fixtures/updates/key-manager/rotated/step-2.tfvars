password = "second"
