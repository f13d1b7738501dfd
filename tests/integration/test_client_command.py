"""The command line of ``rs-downloader get``: how it is used, what it prints, how it ends."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints.cli import main
from tests.e2e.real_service import free_port
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
