"""The conformance suite: drives a cloud with real, unpatched tools and says what each of them can do with it.

It stands outside of the cloud: it imports neither the core nor the gateway, starts clouds by the command line as any
user would, and scores any cloud of a `clouds.yaml` as well.
"""
