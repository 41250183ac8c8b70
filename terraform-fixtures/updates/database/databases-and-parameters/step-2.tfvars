databases = ["orders", "visits"]
group     = "busy"
