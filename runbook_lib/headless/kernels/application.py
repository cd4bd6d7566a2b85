"""ipykernel's application in two steps: before a fork what all kernels share, after it the rest.

What is a kernel's own are its sockets, its threads and its session.
https://ipykernel.readthedocs.io/en/stable/api/ipykernel.html
"""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import BaseIPythonApplication, IPKernelApp  # type: ignore[attr-defined]
from jupyter_client.session import Session

_OPTIONS = ["--HistoryManager.enabled=False"]  # nobody asks for it, and it takes a thread
_OPTIONS += ["--IPKernelApp.parent_handle=1"]  # nobody's: `forked` sees to the end of a kernel


class _Kernel(IPythonKernel):
    """Made before the fork; it is given what is its own when it is asked for again."""

    @classmethod
    def instance(cls, **own: Any) -> Any:
        """Return the one kernel of this process."""
        if not cls.initialized():
            return super().instance(**own)
        kernel: Any = super().instance()
        for name, value in own.items():
            setattr(kernel, name, value)
        hook, publisher = kernel.shell.displayhook, kernel.shell.display_pub
        hook.session = publisher.session = kernel.session
        hook.pub_socket = publisher.pub_socket = kernel.iopub_socket
        return kernel


class _Configured(BaseIPythonApplication):
    """Reads options and the person's configuration once, before the fork."""

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read them where there are options; `IPKernelApp.initialize` calls this first."""
        if argv is not None:
            super().initialize(argv)  # type: ignore[no-untyped-call]


class _App(IPKernelApp, _Configured):
    kernel_class = _Kernel


def prepare() -> None:
    """Make a kernel that has neither sockets nor threads, and so can be forked."""
    app = _App.instance()
    _Configured.initialize(app, _OPTIONS)
    own = {"session": app.session, "profile_dir": app.profile_dir, "user_ns": app.user_ns}
    app.kernel_class.instance(parent=app, **own)


def start(connection_file: str) -> None:
    """Be what `python -m ipykernel_launcher` is, after the fork, until the kernel ends."""
    app = _App.instance()
    app.session, app.connection_file = Session(parent=app), connection_file
    app.initialize()  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
