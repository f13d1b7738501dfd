"""The page on adding a storage is true: what stands there is installed, tested, configured and downloaded from."""

import hashlib
import os
import random
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from tests.e2e.real_service import COMMAND, TENANT, Installation

PAGE = Path(__file__).parents[2] / "docs/adding-a-storage.md"
MOST_LINES = 60
KEY = "k, the secret of this test"
DATA = random.Random("page").randbytes(200_000)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """The distribution of the page, installed as an installer leaves it: module, metadata, entry points."""
    (project,) = (tomllib.loads(text)["project"] for text in blocks("toml"))
    plugin, suite = blocks("python")
    site = tmp_path / "site"
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (metadata / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
            for group, entries in project["entry-points"].items()
        )
    )
    (site / "masked_storage.py").write_text(plugin)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_masked_storage.py").write_text(suite)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(site)
    yield tmp_path
    sys.modules.pop("masked_storage", None)


def test_the_plugin_of_the_page_is_short():
    plugin, _ = blocks("python")

    assert len([line for line in plugin.splitlines() if line.strip()]) < MOST_LINES


def test_the_plugin_of_the_page_passes_the_suites(installed: Path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "error",
            "--rootdir",
            installed,
            "tests",
        ],
        cwd=installed,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 30


def test_the_plugin_of_the_page_is_configured_tried_and_downloaded_from(installed: Path):
    folder = installed / "archive"
    folder.mkdir()
    (folder / "a.dat").write_bytes(bytes(byte ^ ord("k") for byte in DATA))
    installation = Installation(installed)
    (commands,) = blocks("shell")
    commands = commands.replace("Masked_Key=k", "Masked_Key=$KEY").replace("=$FOLDER", '="$FOLDER"')
    commands = commands.replace("=$KEY", '="$KEY"').replace("rs-downloader ", f"{COMMAND} ")
    environment = installation.environment | {"FOLDER": str(folder), "KEY": KEY}

    done = subprocess.run(["sh", "-ec", commands], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Masked_Block" in done.stdout
    assert "reach the storage" in done.stdout
    checksum = registered(installation)
    with installation.serving() as server:
        headers = {"Authorization": f"Bearer {installation.token()}"}
        answer = httpx.get(f"{server.url}/files/{checksum}/download", headers=headers)
        part = httpx.get(f"{server.url}/files/{checksum}/download", headers=headers | {"Range": "bytes=100000-100999"})
        shown = httpx.get(f"{server.url}/storages", headers=headers).text
        log = server.stop()
    assert answer.content == DATA
    assert (part.status_code, part.content) == (206, DATA[100_000:101_000])
    everything = done.stdout + done.stderr + shown + log + repr(installation.query("SELECT * FROM storage_location"))
    assert '"********"' in shown
    assert KEY not in everything
    held = [path for path in installation.data_dir.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert held == []


def registered(installation: Installation) -> str:
    checksum = hashlib.sha256(DATA).hexdigest()
    new = NewFile(
        checksum=checksum,
        algorithm="SHA-256",
        file_name="a.dat",
        size_bytes=len(DATA),
        media_type="application/octet-stream",
        data_type="RAWDATA",
        storage="masked",
        url="masked:///a.dat",
    )
    request = RegisterFilesRequest(tenant=TENANT, files=(new,))
    result = installation.use(lambda use_cases: use_cases.register_files().execute(request))
    assert isinstance(result, Registered), result
    return checksum


def test_the_names_of_the_page_are_those_of_the_service():
    """What the prose names exists."""
    text = PAGE.read_text()

    for name in re.findall(r"`rs-downloader (storages [a-z-]+)`", text):
        done = subprocess.run(
            [COMMAND, *name.split(), "--help"], env=os.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, name
