"""The drivers that load balancers are made with: what each supports and refuses."""
