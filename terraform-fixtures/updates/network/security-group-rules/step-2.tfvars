name  = "after"
ports = ["22", "443"]
from  = "10.62.0.0/24"
