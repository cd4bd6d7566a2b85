"""The embedded AWS needs nothing of yours: no AWS or proxy setting of a person has a say in it."""

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from runbook_lib import plan
from runbook_lib.account import sdk
from runbook_lib.local_aws import Running
from runbook_lib.runbook import open_runbook
from tests.conftest import REPOSITORY
from tests.test_command_line import BIN, papermill, runbook

DEAD = "http://127.0.0.1:9"
VARIABLES = {
    "HTTP_PROXY": DEAD,
    "HTTPS_PROXY": DEAD,
    "ALL_PROXY": "socks5h://127.0.0.1:9",
    "http_proxy": "no proxy, but words",
    "AWS_PROFILE": "gone",
    "AWS_DEFAULT_PROFILE": "gone",
    "AWS_ACCESS_KEY_ID": "AKIA\n",
    "AWS_SESSION_TOKEN": "of another account",
    "AWS_CONFIG_FILE": "/dev/full",
    "AWS_REGION": "seoul",
    "AWS_DEFAULT_REGION": "",
    "AWS_CA_BUNDLE": "/gone.pem",
    "REQUESTS_CA_BUNDLE": "/gone.pem",
    "AWS_STS_REGIONAL_ENDPOINTS": "odd",
    "AWS_DEFAULTS_MODE": "odd",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "odd",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "odd",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "odd",
    "AWS_SIGV4A_SIGNING_REGION_SET": "odd,",
    "AWS_AUTH_SCHEME_PREFERENCE": "odd",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "odd",
    "AWS_DISABLE_REQUEST_COMPRESSION": "odd",
    "AWS_RETRY_MODE": "odd",
    "AWS_MAX_ATTEMPTS": "-1",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ENDPOINT_URL": "no url",
    "AWS_ENDPOINT_URL_STS": DEAD,
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_DATA_PATH": "/dev/null",
    "AWS_SDK_UA_APP_ID": "a\nb" * 60,
    "AWS_EXECUTION_ENV": "a\nb",
    "AWS_METADATA_SERVICE_TIMEOUT": "odd",
    "AWS_ROLE_ARN": "arn",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/gone",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://x",
    "AWS_LOGIN_CACHE_DIRECTORY": "/dev/null",
    "AWS_BEARER_TOKEN_BEDROCK": "x",
}
KEY = "aws_access_key_id = AKIA\naws_secret_access_key = x\n"
FILES = {
    "a broken section": b"[default\n",
    "no section": KEY.encode(),
    "a section twice": f"[default]\n{KEY}[default]\n{KEY}".encode(),
    "a key twice": f"[default]\n{KEY}{KEY}".encode(),
    "a BOM": b"\xef\xbb\xbf[default]\nregion = x\n",
    "UTF-16": "[default]\nregion = x\n".encode("utf-16"),
    "another encoding": "[default]\nregion = 서울\n".encode("euc-kr"),
    "zeros": b"\x00" * 100,
    "services and ca_bundle": b"[default]\nendpoint_url = x\nca_bundle = /gone\nservices = gone\n",
    "odd values": b"[default]\nretry_mode = x\nmax_attempts = x\ndefaults_mode = x\ns3 = x\n",
    "a plugin": b"[plugins]\ncli_legacy_plugin_path = /gone\nx = gone\n",
}


@pytest.fixture
def yours(tmp_path: Path) -> Path:
    """The folder for AWS's files in this test's own home."""
    folder = tmp_path / "home" / ".aws"
    folder.mkdir()
    return folder


def opened(account_id: str) -> list[str]:
    sdk._loader.cache_clear()  # another process has not read it yet
    rows = plan.plan(open_runbook({"account_id": account_id}))
    return [row["Plan"] for row in rows]


@pytest.mark.parametrize("name", VARIABLES)
def test_no_variable_has_a_say(
    name: str, embedded_aws: Running, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, VARIABLES[name])
    assert set(opened(account_id)) == {"create"}


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize("content", FILES)
def test_no_file_has_a_say(
    file: str, content: str, embedded_aws: Running, account_id: str, yours: Path
) -> None:
    (yours / file).write_bytes(FILES[content])
    assert set(opened(account_id)) == {"create"}


def test_no_model_of_yours_has_a_say(embedded_aws: Running, account_id: str, yours: Path) -> None:
    model = yours / "models" / "sts" / "2011-06-15" / "service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text("{")
    assert set(opened(account_id)) == {"create"}


@pytest.fixture
def all_of_them(embedded_aws: Running, yours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    for file in ("config", "credentials"):
        (yours / file).write_bytes(FILES["a broken section"])


def test_commands_and_notebooks_do_not_mind_all_of_them_at_once(
    all_of_them: None, account_id: str, tmp_path: Path
) -> None:
    runbook("plan", account_id)
    asked = papermill("02_assume_role_policy", tmp_path, "-r", "account_id", account_id)
    assert asked.returncode == 0, asked.stderr


def test_the_shell_that_local_env_makes_does_not_mind_them_either(
    all_of_them: None, account_id: str
) -> None:
    lines = f'eval "$("{BIN}/runbook" local env {account_id})"'
    script = f'{lines} && exec "{BIN}/python" "{BIN}/aws" sts get-caller-identity --output text'
    asked = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert asked.stdout.split()[0] == account_id, asked.stderr


class Proxy(ThreadingHTTPServer):
    """A proxy that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Noted)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Noted(BaseHTTPRequestHandler):
    def _note(self) -> None:
        assert isinstance(self.server, Proxy)
        self.server.asked.append(self.requestline)
        self.send_error(502)

    do_GET = do_POST = do_CONNECT = _note

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with Proxy() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url)
            monkeypatch.setenv(name.lower(), server.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()


def test_nothing_of_the_embedded_aws_goes_through_a_proxy(proxy: Proxy, tmp_path: Path) -> None:
    """Neither a run's calls, nor a single notebook's, nor the question whether a server runs."""
    runbook("run", "123456789012", "--output", str(tmp_path))
    assert proxy.asked == []


@pytest.mark.parametrize("no_proxy", ["", "example.com"])
def test_what_is_handed_over_goes_past_it_too(
    no_proxy: str,
    proxy: Proxy,
    embedded_aws: Running,
    account_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if no_proxy:
        monkeypatch.setenv("NO_PROXY", no_proxy)
    lines = f'eval "$("{BIN}/runbook" local env {account_id})"'
    script = f'{lines}; "{BIN}/python" "{BIN}/aws" iam list-users; echo "$NO_PROXY $no_proxy"'
    asked = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert proxy.asked == []
    assert "user/administrator" in asked.stdout, asked.stderr
    assert asked.stdout.split()[-2] == ",".join(filter(None, ["127.0.0.1", no_proxy]))


def test_the_readme_says_what_the_profile_files_need_behind_a_proxy() -> None:
    assert "NO_PROXY=127.0.0.1" in (REPOSITORY / "README.md").read_text()
