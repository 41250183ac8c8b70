"""What the consoles of servers show: the boot of an image, made from the server's attributes, as no guest runs."""
