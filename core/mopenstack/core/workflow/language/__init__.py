"""The language of workflows: read, checked and run in a process of its own, which knows nothing of the store."""
