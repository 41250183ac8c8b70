"""What runs: executions, tasks, action executions."""
