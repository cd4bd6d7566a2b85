"""The server process: `python -m runbook_lib.local_aws`, started by `process` only.

Here is what must happen before moto is loaded; how it serves is in `http.serving`.
"""

import gc
import os

if __name__ == "__main__":
    gc.disable()  # until it serves: loading moto makes a million objects, and all of them stay
    from runbook_lib.local_aws.store.loading import share_loader

    share_loader()
    from runbook_lib.local_aws.http.serving import main

    os._exit(main())  # at once: tidying up moto's objects takes half a second
