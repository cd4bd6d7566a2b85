"""This machine: what runs here, and where the runbook keeps what it must remember."""
