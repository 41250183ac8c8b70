"""What a service says of a wrong request, by the schemas that it publishes of its requests.

A request that is refused for whatever reason is held against the published schema of its operation: where the schema
refuses it, that is what the service would have said first. Requests that succeed never come here.
"""
