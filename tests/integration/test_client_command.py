"""The command line of ``rs-downloader get``: how it is used, what it prints, how it ends."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli import main
from tests.e2e.real_service import COMMAND, free_port, until
from tests.integration.scripted_server import Move, ScriptedServer

DATA = b"the bytes of a product" * 100


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server in a thread of its own."""
    scripted = ScriptedServer(DATA, [])
    ready, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with scripted.serving():
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    yield scripted
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


def get(*arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(main, ["get", *map(str, arguments)], env=environ, catch_exceptions=False)


def test_a_url_alone_is_enough(server: ScriptedServer, tmp_path: Path) -> None:
    result = get(f"{server.url}/files/{server.checksum}/download", "-o", tmp_path / "new")

    assert (result.exit_code, result.stdout) == (0, "1 files are there, 0 are not.\n")
    assert "SHA-256 is right" in result.stderr
    assert (tmp_path / "new" / server.checksum).read_bytes() == DATA


def test_the_report_is_json_and_says_what_failed(server: ScriptedServer, tmp_path: Path) -> None:
    server.moves = [Move.FAILED_500]

    result = get("/files/a/download", "--service", server.url, "-o", tmp_path, "--retries", 1, "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["there"], report["failed"]) == (1, 0, 1)
    assert (report["files"][0]["failure"], report["files"][0]["file"]) == ("busy", "a")
    assert "HTTP 500" in report["files"][0]["reason"]


def test_the_token_comes_from_the_environment_and_is_shown_nowhere(server: ScriptedServer, tmp_path: Path) -> None:
    url = f"{server.url}/files/{server.checksum}/download/token?t=secret-ticket&scope=demo"

    result = get(url, "-o", tmp_path, RS_DOWNLOADER_GET_TOKEN="secret-token")

    assert [headers["authorization"] for _, _, headers in server.requests] == ["Bearer secret-token"]
    assert result.exit_code == 0
    assert "secret" not in result.stdout + result.stderr
    assert all("secret" not in path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("URN:AIP:DATA:demo:00000000-0000-0000-0000-000000000001:V1",),
        ("hello", "--service", "http://x.test"),
        ("/files/a/download", "--service", "x.test"),
        ("http://x.test/files/a/download", "--token", "a", "--user", "b"),
        ("http://x.test/files/a/download", "--parallel", "0"),
    ],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert get(*arguments, "-o", tmp_path).exit_code == 2


def test_a_service_that_is_not_there_is_one_line_and_1(tmp_path: Path) -> None:
    result = get("--query", "a:1", "--service", f"http://127.0.0.1:{free_port()}", "-o", tmp_path, "--retries", 1)

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "http://127.0.0.1:" in result.stderr


def test_a_folder_that_cannot_be_made_is_one_line_and_1(server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    result = get(f"{server.url}/files/{server.checksum}/download", "-o", tmp_path / "file" / "below")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert server.requests == []


def test_a_folder_of_the_files_name_is_never_replaced_and_nothing_is_fetched_for_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / server.checksum).mkdir()
    url = f"{server.url}/files/{server.checksum}/download"

    first, forced = get(url, "-o", tmp_path), get(url, "-o", tmp_path, "--force")

    assert (first.exit_code, forced.exit_code) == (1, 1)
    assert "is a folder" in first.stdout
    assert "is a folder" in forced.stdout
    assert [path.name for path in tmp_path.iterdir()] == [server.checksum]


def a_process(server: ScriptedServer, folder: Path, *, largest_file: int | None = None) -> "subprocess.Popen[str]":
    """The command as a shell starts it; ``largest_file`` in bytes stands for a disk that is full then."""
    limit = None
    if largest_file is not None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        limit = f"ulimit -f {largest_file // 1024}; " if hard == resource.RLIM_INFINITY else None
        assert limit, "the limit can be set"
    command = f'{limit or ""}exec "$@"'
    url = f"{server.url}/files/{server.checksum}/download"
    return subprocess.Popen(
        ["bash", "-c", command, "bash", COMMAND, "get", url, "-o", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")},
    )


def ranges(server: ScriptedServer) -> list[str | None]:
    return [headers.get("range") for _, _, headers in server.requests]


def test_a_full_disk_is_said_and_what_has_come_is_gone_on_with(server: ScriptedServer, tmp_path: Path) -> None:
    server.data = bytes(range(256)) * 1024

    full = a_process(server, tmp_path, largest_file=64 * 1024)
    out, errors = full.communicate(timeout=120)
    parts = [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    again = get(f"{server.url}/files/{server.checksum}/download", "-o", tmp_path)

    assert (full.returncode, "Traceback" in errors) == (1, False)
    assert "File too large" in out
    assert len(parts) == 1
    assert (again.exit_code, ranges(server)) == (0, [None, "bytes=65536-"])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(server.checksum, server.data)]


def test_ctrl_c_keeps_what_has_come_and_says_so(server: ScriptedServer, tmp_path: Path) -> None:
    server.moves = [Move.CUT_IN_BODY, *[Move.RETRY_503] * 1000]

    running = a_process(server, tmp_path)
    until(lambda: len(server.requests) >= 2, seconds=120)
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=120)
    server.moves = []
    again = get(f"{server.url}/files/{server.checksum}/download", "-o", tmp_path)

    assert (running.returncode, out) == (130, "")
    assert errors.endswith("Interrupted. What has come is kept: the same command goes on with it.\n")
    assert again.exit_code == 0
    assert ranges(server)[-1] == f"bytes={len(DATA) // 2}-"
    assert (tmp_path / server.checksum).read_bytes() == DATA
