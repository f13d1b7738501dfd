"""Restorations by real processes: many files, several groups, several workers, one of which is killed half-way."""

import contextlib
import json
import os
import shutil
import signal
import threading
from pathlib import Path

import httpx
import pytest

from tests.contract.sql_databases import EITHER, database
from tests.e2e.real_service import until
from tests.e2e.restoring import Client, TapeArchive, Watch
from tests.tape import DRIVE

FILES = int(os.environ.get("RS_DOWNLOADER_TEST_RESTORED_FILES", "200"))
"""For each group; 1000 take a minute or two."""
SIZE = 4096
CACHE_KB = FILES // 2
"""About an eighth of what is asked for."""
GROUPS = ("north", "south", "east")
FAST = {"restoration_seconds": 0.2}


@pytest.mark.parametrize("kind", EITHER)
def test_many_files_are_restored_once_for_three_groups_though_a_worker_is_killed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(database(kind, migrated=False))
        archive: TapeArchive = TapeArchive.made(
            tmp_path, monkeypatch, files=FILES, size=SIZE, cache_kb=CACHE_KB, database_url=url
        )
        # The server restores nothing itself here: the two workers do.
        server = stack.enter_context(archive.installation.serving(restoration_seconds=3600))
        watch = stack.enter_context(Watch(archive).watching())
        all_asked = threading.Barrier(len(GROUPS) + 1)
        clients = [Client(archive, server, group, list(archive.files), asked_all=all_asked) for group in GROUPS]
        for client in clients:
            client.start()
        all_asked.wait(120)
        killed, _ = [stack.enter_context(archive.worker(**FAST)) for _ in range(2)]
        until(lambda: len(archive.asked) >= FILES // 2, seconds=600)
        killed.send_signal(signal.SIGKILL)
        for client in clients:
            client.join()

        assert [client.wrong for client in clients] == [[]] * len(GROUPS)
        assert [client.final["state"] for client in clients] == ["SUCCESS"] * len(GROUPS)
        assert [len(client.fetched) for client in clients] == [FILES] * len(GROUPS)
        assert sorted(archive.asked) == sorted(archive.files), "the storage was asked for a file more than once"
        until(lambda: archive.recorded_bytes() == 0, seconds=120)
        until(lambda: archive.cached_bytes() == 0, seconds=120)

    assert watch.looks > 10
    assert 0 < watch.most_on_disk <= archive.limit_bytes
    assert 0 < watch.most_recorded <= archive.limit_bytes


def test_the_server_alone_restores_what_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive: TapeArchive = TapeArchive.made(tmp_path, monkeypatch, files=12, size=1000, cache_kb=5)
    with archive.installation.serving(**FAST) as server:
        client = Client(archive, server, "only", list(archive.files))
        client.start()
        client.join()

    assert (client.wrong, client.final["state"]) == ([], "SUCCESS")
    assert sorted(archive.asked) == sorted(archive.files)


def test_the_command_line_restores_and_waits_without_any_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive: TapeArchive = TapeArchive.made(tmp_path, monkeypatch, files=3, size=1000, cache_kb=3)

    restored = archive.command("restore", *archive.files, "--wait", "--json")
    status = json.loads(archive.command("cache", "status", "--json").stdout)
    stray = archive.cache / "demo" / "stray"
    stray.write_bytes(b"x")
    cleaned = json.loads(archive.command("cache", "clean", "--json").stdout)
    unknown = archive.command("restore", "unknown", "--wait")

    assert (restored.returncode, json.loads(restored.stdout)["state"]) == (0, "SUCCESS")
    assert (status["files"], status["cachedBytes"], status["reservedBytes"]) == (3, 3000, 0)
    assert cleaned == {"expired": 0, "removedRecords": 0, "removedFiles": 1}
    assert archive.cached_bytes() == 3000
    assert (unknown.returncode, "does not exists" in unknown.stdout) == (1, True)


def test_a_cache_that_was_wiped_is_noticed_by_the_first_download_and_filled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive: TapeArchive = TapeArchive.made(tmp_path, monkeypatch, files=1, size=1000, cache_kb=3)
    ((checksum, data),) = archive.files.items()
    assert archive.command("restore", checksum, "--wait").returncode == 0
    assert archive.asked == [checksum]
    # The tape is taken out again, with the notes of what was asked; and the check of the cache is an hour away.
    shutil.rmtree(archive.tape / DRIVE)
    with archive.installation.serving(restoration_seconds=1) as server:
        until(lambda: archive.recorded_bytes() == 1000)
        wiped = archive.cache.rename(tmp_path / "wiped")
        headers = {"Authorization": f"Bearer {archive.installation.token()}"}
        answers: list[httpx.Response] = []

        def is_served() -> bool:
            answers.append(httpx.get(f"{server.url}/files/{checksum}/download", headers=headers, timeout=60))
            return answers[-1].status_code == 200

        until(is_served)

    before, served = answers[:-1], answers[-1]
    assert before, "nothing was noticed"
    assert {(answer.status_code, "retry-after" in answer.headers) for answer in before} == {(503, True)}
    assert served.content == data
    assert archive.asked == [checksum]
    assert (archive.cached_bytes(), wiped.exists()) == (1000, True)
