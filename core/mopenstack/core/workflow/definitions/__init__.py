"""What projects write: workflows, workbooks, actions, code, environments."""
