"""The runbook over many accounts, here or on a cluster, and what came of it."""
