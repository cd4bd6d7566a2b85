"""This machine: what runs here, and where the runbook keeps what it must remember."""

from runbook_lib.machine.software import versions

__all__ = ["versions"]
