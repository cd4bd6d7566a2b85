"""Imported by the process that kernels are forked from, and by nothing else.

It loads what every kernel needs, and makes the process one that is safe to fork kernels from.
"""

import gc
import os
import resource
import sys
from importlib import import_module

gc.disable()  # what is loaded here stays; until that is done, looking for garbage is in vain
os.setsid()  # Ctrl-C at a terminal is the runbook's to answer
for _stream in (0, 1):  # the runbook's own: a reader of its output must not wait for us
    os.dup2(os.open(os.devnull, os.O_RDWR), _stream)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold secrets

sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here, and it is slow to load
import ipykernel.debugger  # noqa: E402, F401

del sys.modules["debugpy"]
import runbook_lib.attempts  # noqa: E402
import runbook_lib.findings.permissions  # noqa: E402
import runbook_lib.headless.kernels.forked  # noqa: E402
import runbook_lib.pictures  # noqa: E402
import runbook_lib.plan  # noqa: E402
import runbook_lib.runbook  # noqa: E402
import runbook_lib.tables  # noqa: E402, F401
from runbook_lib.account import sdk  # noqa: E402
from runbook_lib.headless.kernels import application  # noqa: E402

for _name in (  # what every kernel imports as it starts
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "IPython.external.pickleshare",
    "encodings.idna",
    "tornado.platform.asyncio",
):
    import_module(_name)

sdk.warm_up()
application.prepare()
sys.path.insert(0, "")  # IPython does so where it starts as usual; nothing is imported here now
gc.freeze()  # else each kernel's first collection copies all that is shared
gc.enable()
