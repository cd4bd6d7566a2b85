"""What the notebooks of the assume-role runbook call: thin functions over STS, IAM and EC2."""
