"""ministack for tests: an S3 server whose objects sleep, are restored, and expire when its clock is moved."""

import http.client
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import attrs

from tests.e2e.real_service import free_port
from tests.s3_servers import REGION, S3Bucket, S3Server
from tests.tools import tool

START_SECONDS = 60


@attrs.frozen
class GlacierServer(S3Server):
    """A running server."""

    def new_bucket(self) -> S3Bucket:
        """An empty bucket of one test. Unlike others, this server wants to be told where it is."""
        bucket = S3Bucket(self, f"test-{uuid.uuid4().hex[:12]}", self.client())
        bucket.client.create_bucket(Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return bucket

    def pass_time(self, *, hours: float) -> None:
        """Move the server's clock. Restorations take an hour of it, and what they made expires at a midnight."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", f"/_test/pass/{hours * 3600}")
            assert connection.getresponse().status == 204

    def sleeping(self, bucket: S3Bucket, key: str, data: bytes) -> None:
        """Store or replace an object that sleeps."""
        bucket.put(key, data, StorageClass="GLACIER")

    def restored(self, bucket: S3Bucket, key: str, data: bytes) -> None:
        """Store or replace an object that slept and was restored."""
        self.sleeping(bucket, key, data)
        bucket.client.restore_object(Bucket=bucket.name, Key=key, RestoreRequest={"Days": 1})
        self.pass_time(hours=2)


@contextmanager
def ministack() -> Iterator[GlacierServer]:
    """A server on a free port, gone afterwards."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="rs-downloader-glacier-") as folder, tempfile.TemporaryFile() as log:
        # The date of an answer is that of the clock that tests move, not that of the program in between.
        settings = Path(folder) / "hypercorn.toml"
        settings.write_text("include_date_header = false\n")
        command = [
            str(tool("hypercorn")),
            "--config",
            str(settings),
            "--bind",
            f"127.0.0.1:{port}",
            "tests/ministack_app.py:app",
        ]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).parent.parent)
        try:
            if not _is_ready(port, process):
                log.seek(0)
                raise RuntimeError(f"ministack did not start: {log.read().decode(errors='replace')[-3000:]}")
            yield GlacierServer(port, process.pid, 0)
        finally:
            process.terminate()
            process.wait()


def _is_ready(port: int, process: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/")
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return True
    return False
