"""What lies in ``deploy/`` and in the page on operations speaks of the service as it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from adapters.http.authentication import KNOWN_FOR_SECONDS, UNKNOWN_FOR_SECONDS
from entrypoints.cli import main
from entrypoints.settings import Settings
from entrypoints.settings.variables import variables

ROOT = Path(__file__).parents[2]
FILES = (
    *("deploy/compose.yaml", "deploy/compose.front-door.yaml", "deploy/Dockerfile", "deploy/nginx.conf"),
    "docs/operations.md",
)


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_a_setting(name):
    used = set(re.findall(r"RS_DOWNLOADER_[A-Z_]+", (ROOT / name).read_text()))

    assert used <= set(variables(Settings).values())


def test_every_command_of_the_compose_file_exists():
    commands = re.findall(r"command: \[([\w-]+)\]", (ROOT / "deploy/compose.yaml").read_text())

    assert set(commands) == {"migrate", "work", "consume"} <= set(main.commands)


def test_the_page_tells_how_long_tenants_are_remembered():
    page = (ROOT / "docs/operations.md").read_text()

    assert f"within {KNOWN_FOR_SECONDS:g} s (`KNOWN_FOR_SECONDS`)" in page
    assert f"within {UNKNOWN_FOR_SECONDS:g} s" in page


@pytest.mark.skipif(shutil.which("nginx") is None, reason="install nginx to have its configuration checked")
def test_nginx_takes_its_configuration(tmp_path):
    text = re.sub(r"downloader-\d", "127.0.0.1", (ROOT / "deploy/nginx.conf").read_text())
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n{text}")

    checked = subprocess.run(["nginx", "-t", "-c", file, "-p", tmp_path], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
