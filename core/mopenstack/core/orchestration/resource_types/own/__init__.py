"""Heat's own types, and those of CloudFormation: what no other service stands behind."""
