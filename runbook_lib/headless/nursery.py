"""A process that holds what every kernel imports, and forks one on each line of its input.

`python -m runbook_lib.headless.nursery`: a line of JSON asks for a kernel, a line of text is its
process id. It ends with its input, so with whoever started it, and each kernel ends with it.
"""

import json
import os
import signal
import sys

from ipykernel.kernelapp import IPKernelApp

from runbook_lib.account import sdk as sessions


def main() -> None:
    """Fork a kernel for each line of input."""
    sessions.warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel: none stays a zombie
    for line in sys.stdin:
        kernel = os.fork()
        if kernel == 0:
            _become_kernel(**json.loads(line))
        print(kernel, flush=True)
    os._exit(0)  # half a second faster than taking down what nobody needs any more


def _become_kernel(arguments: list[str], folder: str, variables: dict[str, str]) -> None:
    """Be what `python -m ipykernel_launcher` with these arguments is, from here on."""
    os.setpgid(0, 0)  # a signal for the kernel reaches what it started, too, and nobody else
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # what the process itself says is no output of a notebook
        os.dup2(nowhere, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    os._exit(0)


if __name__ == "__main__":
    main()
