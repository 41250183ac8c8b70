"""Manila: shares, their snapshots and replicas, the networks that they are exported on. Source: manila 22.0.2."""
