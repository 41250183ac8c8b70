"""Generic groups, their types, snapshots and replication."""
