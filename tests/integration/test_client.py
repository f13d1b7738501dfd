"""``rs-downloader get`` against servers that do everything wrong: the file on the disk is right, or it is not there."""

import asyncio
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from entrypoints.client.fetch import Policy
from entrypoints.client.folder import Folder, NameTaken
from entrypoints.client.outcome import Failure
from entrypoints.client.run import ExitCode, GetRequest, Report, Run
from entrypoints.client.service import Credentials
from tests.integration.scripted_server import Move, ScriptedServer

DATA = bytes(range(256)) * 40


def get(server: ScriptedServer, folder: Path, *, force: bool = False, waits: list[float] | None = None, **policy):
    """Fetch the one file of the server, without waiting in earnest."""

    async def pause(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)
        await asyncio.sleep(0)

    async def run() -> Report:
        async with server.serving():
            request = GetRequest(
                service=server.url,
                tenant=None,
                credentials=Credentials(token="t"),
                arguments=(f"/files/{server.checksum}/download",),
                query=None,
                types=frozenset(),
                folder=folder,
                replaces=force,
                parallel=2,
                policy=Policy(**policy),
                is_quiet=True,
            )
            return await Run(request, pause=pause, jitter=lambda: 1.0).execute()

    return asyncio.run(run())


def saved(folder: Path) -> dict[str, bytes]:
    """What has a name in the folder, without the parts."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".part" not in path.name}


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.lists(st.sampled_from(Move), max_size=8), min_size=1, max_size=3),
    data=st.sampled_from([b"", b"x", b"ab", DATA]),
)
def test_whatever_a_server_does_the_file_on_the_disk_is_right_or_absent(runs, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for moves in runs:
            server = ScriptedServer(data, list(moves))
            report = get(server, folder, tries=3)

            (outcome,) = report.files
            event(str(outcome.failure))
            here = saved(folder)
            assert set(here.values()) <= {data}, "a file got its name with wrong bytes"
            assert (outcome.failure is None) == bool(here), (outcome, here)
            assert outcome.failure is not None or outcome.verified_by == "SHA-256"
            assert len(server.requests) <= 200
            if here:
                break

        # A server that has come to its senses always delivers, whatever was left behind.
        last = get(ScriptedServer(data, []), folder)

        assert (last.exit_code, set(saved(folder).values())) == (ExitCode.ALL, {data})
        assert [path.name for path in folder.iterdir() if ".part" in path.name] == []


def test_a_cut_download_goes_on_where_it_was(tmp_path):
    server = ScriptedServer(DATA, [Move.CUT_IN_BODY, Move.CUT_IN_BODY])

    report = get(server, tmp_path)

    assert report.exit_code == ExitCode.ALL
    assert [headers.get("range") for _, _, headers in server.requests] == [None, "bytes=5120-", "bytes=7680-"]
    assert [headers.get("if-range") for _, _, headers in server.requests] == [None, '"v1"', '"v1"']
    assert list(saved(tmp_path).values()) == [DATA]


def test_a_later_run_goes_on_where_an_earlier_one_was(tmp_path):
    first = get(ScriptedServer(DATA, [Move.CUT_IN_BODY] + [Move.CUT_BEFORE_HEAD] * 9), tmp_path, tries=2)
    between = saved(tmp_path)
    server = ScriptedServer(DATA, [])
    second = get(server, tmp_path)

    assert (first.files[0].failure, between) == (Failure.BROKEN, {})
    assert [headers.get("range") for _, _, headers in server.requests] == [f"bytes={len(DATA) // 2}-"]
    assert (second.exit_code, list(saved(tmp_path).values())) == (ExitCode.ALL, [DATA])


def test_a_changed_file_is_fetched_anew_from_its_first_byte(tmp_path):
    server = ScriptedServer(DATA, [Move.WRONG_BYTES_CUT, Move.OTHER_VERSION])

    report = get(server, tmp_path)

    assert (report.exit_code, list(saved(tmp_path).values())) == (ExitCode.ALL, [DATA])


def test_wrong_bytes_are_fetched_once_more_and_then_given_up(tmp_path):
    once = get(ScriptedServer(DATA, [Move.WRONG_BYTES]), tmp_path / "once")
    server = ScriptedServer(DATA, [Move.WRONG_BYTES] * 9)
    always = get(server, tmp_path / "always")

    assert (once.exit_code, list(saved(tmp_path / "once").values())) == (ExitCode.ALL, [DATA])
    assert (always.files[0].failure, len(server.requests)) == (Failure.WRONG_BYTES, 2)
    assert list((tmp_path / "always").iterdir()) == []


def test_the_server_says_how_long_to_wait_and_nobody_comes_earlier(tmp_path):
    waits: list[float] = []

    report = get(ScriptedServer(DATA, [Move.RETRY_429, Move.RETRY_503]), tmp_path, waits=waits)

    assert report.exit_code == ExitCode.ALL
    assert len(waits) == 2
    assert min(waits) >= 2


def test_a_server_that_asks_for_more_patience_than_there_is_is_left(tmp_path):
    report = get(ScriptedServer(DATA, [Move.RETRY_503] * 99), tmp_path, seconds=7.0)

    assert report.exit_code == ExitCode.SOME_FAILED
    assert report.files[0].failure is Failure.BUSY
    assert "2 s" in str(report.files[0].reason)


def test_a_nearline_file_is_restored_unless_the_user_forbids_it(tmp_path):
    server = ScriptedServer(DATA, [Move.NEARLINE_410])
    restored = get(server, tmp_path / "yes")
    forbidden = get(ScriptedServer(DATA, [Move.NEARLINE_410]), tmp_path / "no", restores=False)

    posts = [target for method, target, _ in server.requests if method == "POST"]
    assert (restored.exit_code, posts) == (ExitCode.ALL, ["/restorations", "/files/availability/status"])
    assert (forbidden.files[0].failure, saved(tmp_path / "no")) == (Failure.NEARLINE, {})


def test_a_file_that_is_there_is_not_fetched_again_and_a_different_one_is_kept(tmp_path):
    get(ScriptedServer(DATA, []), tmp_path)
    again = get(ScriptedServer(DATA, []), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"mine")
    kept = get(ScriptedServer(DATA, []), tmp_path)
    mine = path.read_bytes()
    forced = get(ScriptedServer(DATA, []), tmp_path, force=True)

    assert (again.exit_code, again.files[0].was_there) == (ExitCode.ALL, True)
    assert (kept.files[0].failure, mine) == (Failure.EXISTS, b"mine")
    assert (forced.exit_code, path.read_bytes()) == (ExitCode.ALL, DATA)


def test_without_any_checksum_the_file_is_kept_and_said_to_be_unverified(tmp_path):
    report = get(ScriptedServer(DATA, [], has_digest=False), tmp_path)

    assert (report.exit_code, report.files[0].verified_by) == (ExitCode.ALL, None)
    assert hashlib.sha256(next(tmp_path.iterdir()).read_bytes()).hexdigest() == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("move", [Move.ACCEPTED_202, Move.BARE_503, Move.FAILED_500, Move.NONSENSE])
def test_an_answer_that_never_is_the_file_ends_after_so_many_tries(tmp_path, move):
    server = ScriptedServer(DATA, [move] * 99)

    report = get(server, tmp_path, tries=4)

    assert (report.exit_code, len(server.requests), saved(tmp_path)) == (ExitCode.SOME_FAILED, 4, {})


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_saves(tmp_path):
    with Folder(tmp_path).alone(), pytest.raises(NameTaken, match="another"):
        get(ScriptedServer(DATA, []), tmp_path)

    assert get(ScriptedServer(DATA, []), tmp_path).exit_code == ExitCode.ALL
