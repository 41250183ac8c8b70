"""One module a service: its error envelope, query keywords, pages, microversion headers and version documents."""
