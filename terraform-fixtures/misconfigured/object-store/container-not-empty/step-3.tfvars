container = false
object    = true
