"""Many accounts: the runbook over a fleet."""
