"""Heat's CloudFormation API: stacks and signals by requests that are signed instead of having a token."""
