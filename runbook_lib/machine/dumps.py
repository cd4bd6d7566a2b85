"""What a crash would leave on disk: the memory of a process, with the secrets in it."""

import sys


def forbid_core_dumps() -> None:
    """Have this process, and those that it starts, leave no memory dump."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
