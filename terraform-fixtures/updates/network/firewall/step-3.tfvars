order = ["web", "ssh", "rest"]
web   = "deny"
