ttl       = 300
addresses = ["192.0.2.2", "192.0.2.3"]
mail      = "20 post.changing.example."
alias     = "new"
