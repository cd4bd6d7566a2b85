"""Let moto and botocore read each of AWS's models once, in a process that does nothing else."""

import botocore.session
from moto.core import loaders, utils


class _Loader(loaders.Loader):
    def list_available_services(self, type_name: str) -> list[str]:
        # botocore would look through the folders of 400
        return ["ec2", "iam", "organizations", "sts"]


def share_loader() -> None:
    """Replace how both make a loader. Call this before anything else of `store` is imported."""
    loader = _Loader(extra_search_paths=[loaders.moto_root])
    botocore.session.create_loader = lambda *_: loader
    utils.create_loader = lambda: loader  # type: ignore[attr-defined]
