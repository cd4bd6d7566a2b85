"""The user's second factor: a virtual MFA device of the runbook's, and its one-time codes."""
