"""Imported by the process that kernels are forked from, and by nothing else.

It loads what every kernel needs, makes the kernel but for what is its own (sockets, threads, a
session), and makes the process one that is safe to fork from.
https://ipykernel.readthedocs.io/en/stable/api/ipykernel.html
"""

import gc
import os
import resource
import sys
from importlib import import_module
from typing import Any

os.setsid()  # Ctrl-C at a terminal is the runbook's to answer
for _stream in (0, 1):  # the runbook's own: a reader of its output must not wait for us
    os.dup2(os.open(os.devnull, os.O_RDWR), _stream)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold secrets

sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here, and it is slow to load
import ipykernel.debugger  # noqa: E402, F401

del sys.modules["debugpy"]
from ipykernel.ipkernel import IPythonKernel  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from IPython.core.application import BaseIPythonApplication  # noqa: E402
from jupyter_client.session import Session  # noqa: E402

import runbook_lib.attempts  # noqa: E402
import runbook_lib.findings.permissions  # noqa: E402
import runbook_lib.headless.forked  # noqa: E402
import runbook_lib.pictures  # noqa: E402
import runbook_lib.plan  # noqa: E402
import runbook_lib.runbook  # noqa: E402
import runbook_lib.tables  # noqa: E402, F401
from runbook_lib.account import sdk  # noqa: E402

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

    def initialize_before_the_fork(self) -> None:
        _Configured.initialize(self, _OPTIONS)
        own = {"session": self.session, "profile_dir": self.profile_dir, "user_ns": self.user_ns}
        self.kernel_class.instance(parent=self, **own)


def start_kernel(connection_file: str) -> None:
    """Be what `python -m ipykernel_launcher` is, after the fork, until the kernel ends."""
    app = _App.instance()
    app.session, app.connection_file = Session(parent=app), connection_file
    app.initialize()  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]


for _name in (  # what every kernel imports as it starts
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.external.pickleshare",
    "encodings.idna",
    "tornado.platform.asyncio",
):
    import_module(_name)

sdk.warm_up()
_App.instance().initialize_before_the_fork()
sys.path.insert(0, "")  # IPython does so where it starts as usual; nothing is imported here now
gc.collect()
gc.freeze()  # else each kernel's first collection copies all that is shared
