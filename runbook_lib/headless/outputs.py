"""Where runs are written: a folder, or a place in S3, by papermill's own handler of s3://.

S3 is written, and read, as whoever the SDK's own settings make this process (AWS_PROFILE, …), not
as an account's administrator.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account import sdk
from runbook_lib.errors import ParameterError, RunbookError, with_next_step

_SCHEME = re.compile(r"[a-z0-9]+://|s3:", re.IGNORECASE)
_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>/[^\x00-\x1f]*)?")
_ABOUT = "Runs of the assume-role runbook: each has a folder here, with report.html and run.json.\n"
_one_at_a_time = Lock()  # the SDK's resources, which papermill uses, are not for several threads


@dataclass(frozen=True, slots=True)
class Output:
    """Where runs are written: the folder on this machine, and its place in S3 if it has one."""

    folder: Path
    url: str = ""

    def send(self, folder: Path, which: str = "**/*") -> str:
        """Write files in a folder below to S3, where that is the place; return where they are.

        Raises: RunbookError; the files are still here then.
        """
        for path in sorted(folder.glob(which)) if self.url else ():
            if path.is_file() and not path.name.startswith("."):
                try:
                    _asked("write", path.read_text(encoding="utf-8"), self.shown(path))
                except RunbookError as error:
                    raise RunbookError(f"{error}\nThe files are in {folder}") from None
        return self.shown(folder)

    def shown(self, path: Path) -> str:
        """Return where a person finds a path of `folder`."""
        if not self.url:
            return str(path)
        below = path.relative_to(self.folder).as_posix()
        return f"{self.url}/{below}"


@contextmanager
def opened(output: str) -> Iterator[Output]:
    """Find out that it can be written to; what was not sent stays on this machine.

    Raises, before anything runs: ParameterError where it is no folder and no place in S3, or there
    is no such bucket; RunbookError where S3 refuses.
    """
    if not _SCHEME.match(output):
        yield Output(Path(output).absolute())
        return
    url = _place(output)
    _asked("write", _ABOUT, f"{url}/RUNS.txt")
    folder = Path(tempfile.mkdtemp(prefix="assume-role-runs-"))
    try:
        yield Output(folder, url)
    except BaseException:
        with suppress(OSError):
            folder.rmdir()  # unless there is something in it
        raise
    shutil.rmtree(folder)


def fetch(source: str, folder: Path) -> Path:
    """Copy what is below a place in S3 into a folder, and return that; a folder is left alone.

    Raises: as `opened`.
    """
    if not _SCHEME.match(source):
        return Path(source)
    url = _place(source)
    waiting, found = [url], 0
    while waiting:
        for name in _asked("listdir", waiting.pop()):
            if name.endswith("/"):
                waiting.append(name)
                continue
            found += 1
            path = folder / name.removeprefix(f"{url}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_asked("read", name), encoding="utf-8")
    if not found:
        raise ParameterError(f"there is nothing below {url}/: name the folder of a run")
    return folder


def _place(text: str) -> str:
    found = _S3.fullmatch(text)
    if not found:
        raise ParameterError(
            f"{text!r} is no place to write to, nothing was sent: expected a folder, or "
            "s3://BUCKET/PREFIX"
        )
    return f"s3://{found['bucket']}{found['prefix'] or ''}".rstrip("/")


def _asked(operation: str, *given: str) -> Any:
    """Ask papermill to write, read or list at the place that is given last."""
    from papermill.iorw import papermill_io  # takes its time

    try:
        with _one_at_a_time, sdk.usable():
            return getattr(papermill_io.get_handler(given[-1]), operation)(*given)
    except ClientError as error:
        raise _refusal(error, given[-1]) from None


def _refusal(error: ClientError, url: str) -> RunbookError:
    code, bucket = error.response["Error"]["Code"], url.split("/")[2]
    if code == "NoSuchBucket":
        return ParameterError(
            f"there is no bucket {bucket!r}: make it (aws s3 mb s3://{bucket}), or name another"
        )
    if code in ("AccessDenied", "403", "Forbidden"):
        return RunbookError(
            f"S3 refuses {url} with AccessDenied: whoever you are signed in as "
            "(aws sts get-caller-identity) needs s3:PutObject and s3:PutObjectAcl there, and to "
            "read it s3:GetObject and s3:ListBucket"
        )
    if code == "NotEmulated":
        return RunbookError(
            f"{url} was asked for at the embedded AWS, which has no S3: name another S3 in "
            "AWS_ENDPOINT_URL_S3, or a folder"
        )
    return RunbookError(f"S3 refuses {url}: {with_next_step(error)}")
