"""What a large account costs: `python benchmarks/large_accounts.py [--json FILE]`.

5,000 instances and 1,000 users, roles and policies, and a tenth of it: ten times as much should
take at most ten times as long. The embedded AWS runs in this process, so that it is quickly filled.
"""

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from runbook_lib import ec2, plan, tables
from runbook_lib.headless.report import report
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.server_state import write_state
from runbook_lib.runbook import open_runbook

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
REGION = "ap-northeast-2"
STATEMENT = {"Effect": "Deny", "Action": "sts:AssumeRole"}


def fill(account_id: str, scale: int) -> None:
    """Put 5 instances and one user, role and policy for each unit of scale into an account."""
    ec2.describe_instances(open_runbook({"account_id": account_id}).role_account)  # makes it
    iam, region = iam_backends[account_id]["aws"], ec2_backends[account_id][REGION]
    identity, trust = (
        json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT | whom]})
        for whom in ({"Resource": "*"}, {"Principal": "*"})
    )
    for number in range(scale):
        name = f"other-{number}"
        iam.create_user(REGION, name)
        iam.create_role(name, trust, "/", None, "", [], "3600")
        iam.create_policy("", "/", identity, name, [])
    (image,) = {one.image_id for one in region.all_instances()}
    kind = {"instance_type": "t2.micro", "is_instance_type_default": False, "region_name": REGION}
    region.run_instances(image, 5 * scale, None, [], **kind, tags={"instance": {"Name": "other"}})


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(account_id: str, output: Path) -> dict[str, float]:
    """Time what looks at everything, then a whole run."""
    book = open_runbook({"account_id": account_id})
    response = ec2.describe_instances(book.role_account)
    found = {
        "list": seconds(lambda: ec2.describe_instances(book.role_account)),
        "table": seconds(lambda: tables.instances(response).to_html()),
        "plan": seconds(lambda: plan.plan(book)),
    }
    command = [RUNBOOK, "run", account_id, "--output", str(output)]
    found["run"] = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    (folder,) = output.glob(f"{account_id}/*")
    made = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    found |= {section["name"][:2]: section["seconds"] for section in made["sections"]}
    found["report"] = seconds(lambda: report.write(folder))
    found["report MB"] = (folder / "report.html").stat().st_size / 1e6
    found["run MiB"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found["server MiB"] = psutil.Process().memory_info().rss / 2**20
    return found


def main() -> None:
    """Measure the tenth first: memory is told as the highest so far."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as home, LocalAws() as server:
        os.environ["RUNBOOK_HOME"] = home
        write_state(server.described(os.getpid(), psutil.Process().create_time(), ""))
        for account_id, scale in (("100000000100", 100), ("100000001000", 1000)):
            fill(account_id, scale)
            gc.freeze()  # as the server's own process does: its objects stay
            found[scale] = measure(account_id, Path(home) / "runs")
    tenth, whole = found.values()
    for name, value in whole.items():
        print(f"{name:12}{tenth[name]:10.2f}{value:10.2f}   x {value / (tenth[name] or 1):.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
