name         = "after"
name_servers = ["192.0.2.53", "192.0.2.54"]
last_address = "10.60.0.199"
