"""One real server process, from start to orderly end."""

import hashlib
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

PROGRAM = [sys.executable, "-c", "from entrypoints.cli import main; main()"]


@pytest.fixture
def environ(tmp_path):
    return os.environ | {"RS_DOWNLOADER_DATA_DIR": str(tmp_path / "data"), "RS_DOWNLOADER_DRAIN_SECONDS": "5"}


@pytest.fixture
def cli(environ):
    def run(*arguments):
        done = subprocess.run([*PROGRAM, *arguments], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def server(environ, cli):
    """A running server with the demo archive: its address, and its process."""
    cli("demo")
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        line = process.stdout.readline()
        try:
            yield re.search(r"http://127\.0\.0\.1:\d+", line)[0], process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_file_is_served_counted_and_the_server_stops_in_order(server, cli):
    url, process = server
    files = dict(re.findall(r"(\S+\.dat) .*?([0-9a-f]{64})", cli("files", "list")))
    token = cli("token", "--tenant", "demo", "--user", "alice@example.org", "--role", "PROJECT_ADMIN")

    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        head = client.head(f"/files/{files['medium.dat']}/download")
        whole = client.get(f"/files/{files['medium.dat']}/download")
        rest = client.get(f"/files/{files['large.dat']}/download", headers={"Range": "bytes=-10"})
        assert head.status_code == 200
        assert head.headers["content-length"] == "5000000"
        assert hashlib.sha256(whole.content).hexdigest() == files["medium.dat"]
        assert (rest.status_code, len(rest.content)) == (206, 10)
        assert whole.headers["correlation-id"]
        assert client.get("/nothing/here").status_code == 404

    assert '"currentQuota": 2' in cli("quota", "show", "alice@example.org", "--json")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    assert token not in log
    assert '"event": "request"' in log
