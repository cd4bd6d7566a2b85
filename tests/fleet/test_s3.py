"""Runs written to s3://: what is there afterwards, and what is said before anything runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from papermill.s3 import S3

from runbook_lib import local_aws
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless import outputs

BUCKET = "runs-of-this-test"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 on loopback."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket in it, for the SDK's own settings."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-looked-at")
    monkeypatch.setattr(S3, "s3_session", (None, None, None))  # which it keeps for the process
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    client.delete_bucket(Bucket=BUCKET)


def keys(s3: Any) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def runbook(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "runbook"), *words]
    kept = os.environ | {"TMPDIR": str(cwd / "temporary")}
    (cwd / "temporary").mkdir(exist_ok=True)
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=kept)


def test_that_a_whole_run_is_written_there_and_nowhere_else(s3: Any, tmp_path: Path) -> None:
    where = f"s3://{BUCKET}/of/mine/"
    ran = runbook("run", "278805249149", "--output", where, "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    folder = f"of/mine/278805249149/{run['run_id']}"
    assert f"report: s3://{BUCKET}/{folder}/report.html" in ran.stderr
    names = {"report.html", "run.json", "junit.xml"}
    names |= {f"{one['name']}.ipynb" for one in run["sections"]}
    assert keys(s3) == sorted(["of/mine/RUNS.txt", *(f"{folder}/{name}" for name in names)])
    body = s3.get_object(Bucket=BUCKET, Key=f"{folder}/run.json")["Body"].read()
    assert json.loads(body)["outcome"] == "passed"
    assert not list(tmp_path.glob("runs"))
    assert not list((tmp_path / "temporary").iterdir())
    back = outputs.fetch(f"s3://{BUCKET}/of/mine", tmp_path / "back")
    found = {path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file()}
    assert found == {key.removeprefix("of/mine/") for key in keys(s3)}
    made = runbook("report", str(back / "278805249149" / run["run_id"]), cwd=tmp_path)
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    ("where", "status", "said"),
    [
        ("s3://no-such-bucket-here/x", 2, "there is no bucket 'no-such-bucket-here': make it"),
        ("s3:/bucket/x", 2, "'s3:/bucket/x' is no place to write to"),
        ("s3://", 2, "'s3://' is no place to write to, nothing was sent"),
        ("s3://Bad_Bucket/x", 2, "is no place to write to"),
        ("gs://bucket/x", 2, "expected a folder, or s3://BUCKET/PREFIX"),
    ],
)
def test_what_is_said_before_anything_runs(
    s3: Any, tmp_path: Path, where: str, status: int, said: str
) -> None:
    ran = runbook("run", "278805249149", "--output", where, cwd=tmp_path)
    assert (ran.returncode, said in ran.stderr) == (status, True), ran.stderr
    assert "01_environment" not in ran.stderr
    assert not list((tmp_path / "temporary").iterdir())
    assert local_aws.running() is None


def test_that_a_refusal_says_which_permissions(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    try:
        with pytest.raises(RunbookError, match="s3:PutObject and s3:PutObjectAcl"):
            outputs.opened(f"s3://{BUCKET}").__enter__()
    finally:
        s3.delete_bucket_policy(Bucket=BUCKET)


def test_that_the_embedded_aws_is_told_to_have_no_s3(
    s3: Any, embedded_aws: local_aws.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", embedded_aws.endpoint)
    with pytest.raises(RunbookError, match="has no S3: name another S3 in AWS_ENDPOINT_URL_S3"):
        outputs.opened(f"s3://{BUCKET}").__enter__()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9", "Could not connect"),
        ("AWS_SECRET_ACCESS_KEY", "", "Sign in"),
    ],
)
def test_that_no_way_to_s3_is_told(
    s3: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv(name, value)
    with pytest.raises(RunbookError, match=said):
        outputs.opened(f"s3://{BUCKET}").__enter__()


def test_that_what_cannot_be_sent_stays_here(s3: Any) -> None:
    with outputs.opened(f"s3://{BUCKET}") as output:
        (output.folder / "run").mkdir()
        (output.folder / "run" / "run.json").write_text("{}")
        s3.delete_object(Bucket=BUCKET, Key="RUNS.txt")
        s3.delete_bucket(Bucket=BUCKET)
        try:
            with pytest.raises(RunbookError, match=f"The files are in {output.folder}/run$"):
                output.send(output.folder / "run")
        finally:
            s3.create_bucket(Bucket=BUCKET)


def test_that_a_run_that_does_not_begin_leaves_nothing(s3: Any, tmp_path: Path) -> None:
    where = f"s3://{BUCKET}"
    ran = runbook("run", "278805249149", "--output", where, "--variant", "no", cwd=tmp_path)
    assert ran.returncode == 2
    ran = runbook("run", "278805249149", "--output", where, "--region", "xx-y-1", cwd=tmp_path)
    assert ran.returncode == 2
    assert not list((tmp_path / "temporary").glob("assume-role-runs-*"))


def test_that_nothing_to_read_is_told(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=f"there is nothing below s3://{BUCKET}/none/"):
        outputs.fetch(f"s3://{BUCKET}/none", tmp_path)
    assert outputs.fetch(str(tmp_path), tmp_path / "x") == tmp_path
