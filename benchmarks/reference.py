"""What the service is compared with: nginx with sendfile, or a plain sendfile server where nginx is missing."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import free_port, stop, wait_for_port
from benchmarks.targets import Target

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; keepalive_requests 100000; default_type application/octet-stream;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""


@contextmanager
def reference_server(files: Path, folder: Path) -> Iterator[Target]:
    """Serve a folder's files under ``/`` on a free port; ``Target.name`` says by what."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    port = free_port()
    if binary is None:
        command = [sys.executable, "-m", "benchmarks.plain_server", str(files), str(port)]
        name = "plain blocking os.sendfile server (no nginx found)"
    else:
        configuration = folder / "nginx.conf"
        # Only root may, and must, say that its worker stays root to read a private folder.
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, files=files, user=user))
        command = [binary, "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
        version = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True).stderr.strip()
        name = f"{version.removeprefix('nginx version: ')}, sendfile on, one worker"
    with subprocess.Popen(command) as process:
        try:
            wait_for_port(port, process)
            yield Target(name=name, port=port, pid=_worker(process.pid) if binary else process.pid)
        finally:
            stop(process)


def _worker(master: int) -> int:
    """The process that does nginx's work: its master's only child."""
    for _ in range(100):
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise TimeoutError("nginx started no worker")
