"""What Swift's optional middleware adds: archives, signatures, forms, web pages, browsers of other sites."""
