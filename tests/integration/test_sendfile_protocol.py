"""Responses as the kernel sends them, over real sockets on loopback, in both event loops."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.http.response_sender import COLD_AT_ONCE, turns_of
from adapters.http.sendfile_protocol import EXTENSION, AbortResponse, ClientDisconnected, SourceFailed
from tests.integration.scripted_app import ScriptedApp, send_body, send_file, start
from tests.integration.serving import read_answer, read_until_cut, reset, serving

SIZE = 24 * 1024 * 1024
CHUNK = 128 * 1024
GET = b"GET /files/abc/download?t=secret HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def file(content: bytes, tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as opened:
        yield opened


@pytest.fixture(params=["zero copy", "zero copy in a thread", "chunks"])
def whole_file(request: pytest.FixtureRequest, file: BinaryIO, content: bytes) -> ScriptedApp:
    """An app that sends the whole file, in each of the ways there are."""

    async def script(app, scope, send):
        await start(send, SIZE)
        if request.param == "chunks":
            for offset in range(0, SIZE, CHUNK):
                await send_body(app, send, content[offset : offset + CHUNK], more=True)
            await send_body(app, send, b"")
        else:
            await send_file(app, send, file, 0, SIZE, cold=request.param == "zero copy in a thread")

    return ScriptedApp(script)


def read_some(client, count):
    """At least ``count`` bytes."""
    received = bytearray()
    while len(received) < count:
        received += client.recv(count)
    return bytes(received)


def wait_until_nothing_moves(app):
    before, still = -1, 0
    while still < 5:
        still = still + 1 if app.handed_over == before else 0
        before = app.handed_over
        time.sleep(0.05)


def test_a_file_arrives_whole_and_the_connection_serves_on(loop, whole_file, content):
    with serving(whole_file, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        for _ in range(3):
            client.sendall(GET)
            answer = read_answer(stream)

            assert answer.status == 200
            assert answer.body == content
            assert whole_file.end() is None
    assert whole_file.handed_over == 3 * SIZE


def test_parts_of_files_and_bodies_mix_in_one_response(loop, file, content):
    async def script(app, scope, send):
        assert scope["extensions"] == {EXTENSION: {}}
        await start(send, 6 + 1_000_000 + 3 + 70_000 + 1 + 4)
        await send_body(app, send, b"--one\n", more=True)
        await send_file(app, send, file, 5_000_000, 1_000_000, more=True)
        await send_body(app, send, b"two", more=True)
        await send_file(app, send, file.fileno(), SIZE - 70_000, 70_000, more=True)
        await send_file(app, send, file, 17, 1, more=True)
        await send_file(app, send, file, 0, 0, more=True)
        await send_body(app, send, b"end\n")

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        for _ in range(2):
            client.sendall(GET)
            answer = read_answer(stream)

            assert app.end() is None
            assert answer.body == (
                b"--one\n" + content[5_000_000:6_000_000] + b"two" + content[-70_000:] + content[17:18] + b"end\n"
            )


def test_pipelined_requests_are_answered_in_order(loop, file, content):
    async def script(app, scope, send):
        first = int(scope["path"][1:])
        await start(send, 600_000)
        await send_file(app, send, file, first, 600_000)

    app = ScriptedApp(script)
    offsets = [0, 7_000_000, 3, 12_345_678]
    with serving(app, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % offset for offset in offsets))

        assert [read_answer(stream).body for _ in offsets] == [content[o : o + 600_000] for o in offsets]


def test_head_has_the_length_but_no_body(loop, whole_file, content):
    with serving(whole_file, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(GET.replace(b"GET", b"HEAD") + GET)
        head, get = read_answer(stream, has_body=False), read_answer(stream)

        assert head.headers["content-length"] == get.headers["content-length"] == str(SIZE)
        assert get.body == content


@pytest.mark.parametrize("length", [None, SIZE])
def test_not_modified_has_no_body_even_with_a_length(loop, length):
    async def script(app, scope, send):
        await start(send, length, status=304)
        await send_body(app, send, b"")

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        for _ in range(2):
            client.sendall(GET)

            assert read_answer(stream, has_body=False).status == 304
            assert app.end() is None


@pytest.mark.parametrize("connection", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0_gets_one_file_and_the_end_of_the_connection(loop, whole_file, content, connection):
    with serving(whole_file, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(b"GET / HTTP/1.0\r\n" + connection + b"\r\n")
        answer = read_answer(stream)

        assert answer.headers["connection"] == "close"
        assert answer.body == content
        assert stream.read() == b""


def test_a_client_that_does_not_read_holds_a_bounded_amount(loop, whole_file, content):
    with serving(whole_file, loop=loop) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        wait_until_nothing_moves(whole_file)

        assert whole_file.handed_over <= 3 * 1024 * 1024

        with client.makefile("rb") as stream:
            assert read_answer(stream).body == content
        assert whole_file.end() is None


@pytest.mark.parametrize("leave", ["reset", "close", "end of input"])
@pytest.mark.parametrize("is_stuck", [False, True])
def test_a_client_that_leaves_is_noticed_and_only_what_it_has_is_counted(loop, whole_file, leave, is_stuck):
    with serving(whole_file, loop=loop) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        read = len(read_some(client, 2_000_000))
        if is_stuck:
            wait_until_nothing_moves(whole_file)
        if leave == "reset":
            reset(client)
        elif leave == "close":
            client.close()
        else:
            client.shutdown(1)
        end = whole_file.end()

    assert isinstance(end, ClientDisconnected)
    acknowledged = whole_file.handed_over - end.unacknowledged_bytes
    # A kernel may hand two segments to its reader before it acknowledges them; on loopback each is up to 64 KiB.
    assert read - 2 * 65536 <= acknowledged <= read + 1024 * 1024
    assert whole_file.handed_over < SIZE


def test_a_client_that_hangs_up_after_the_last_byte_got_a_complete_file(loop, whole_file, content):
    with serving(whole_file, loop=loop) as server:
        for leave in (reset, lambda client: client.close()):
            client = server.connect()
            client.sendall(GET)
            with client.makefile("rb") as stream:
                assert read_answer(stream).body == content
            leave(client)

            assert whole_file.end() is None


def test_sending_to_a_client_that_left_long_ago_raises(loop):
    async def script(app, scope, send):
        while (await app.receive())["type"] != "http.disconnect":
            pass
        await start(send, 5)
        await send_body(app, send, b"hello")

    app = ScriptedApp(script)

    with serving(app, loop=loop) as server:
        client = server.connect()
        client.sendall(GET)
        client.close()

        assert isinstance(app.end(), ClientDisconnected)


def test_a_copy_that_ends_early_is_continued_from_another(loop, file, content, tmp_path):
    (tmp_path / "short").write_bytes(content[: SIZE // 2])

    async def script(app, scope, send):
        await start(send, SIZE)
        with (tmp_path / "short").open("rb") as short, pytest.raises(SourceFailed) as failure:
            await send_file(app, send, short, 0, SIZE)
        assert failure.value.sent_bytes == app.handed_over == SIZE // 2
        await send_file(app, send, file, app.handed_over, SIZE - app.handed_over)

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(GET)

        assert read_answer(stream).body == content
        assert app.end() is None


def test_a_copy_truncated_under_way_is_continued_from_another(loop, file, content, tmp_path):
    (tmp_path / "doomed").write_bytes(content)

    async def script(app, scope, send):
        await start(send, SIZE)
        with (tmp_path / "doomed").open("rb") as doomed, pytest.raises(SourceFailed):
            await send_file(app, send, doomed, 0, SIZE)
        await send_file(app, send, file, app.handed_over, SIZE - app.handed_over)

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        wait_until_nothing_moves(app)
        os.truncate(tmp_path / "doomed", SIZE // 3)

        with client.makefile("rb") as stream:
            assert read_answer(stream).body == content
        assert app.end() is None


@pytest.mark.parametrize("cold", [False, True])
def test_an_error_of_the_file_is_not_taken_for_one_of_the_connection(loop, file, content, tmp_path, cold):
    async def script(app, scope, send):
        await start(send, 1000)
        with (tmp_path / "unreadable").open("wb") as unreadable, pytest.raises(SourceFailed, match="Bad file"):
            await send_file(app, send, unreadable, 0, 1000, cold=cold)
        await send_file(app, send, file, 0, 1000, cold=cold)

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(GET)

        assert read_answer(stream).body == content[:1000]
        assert app.end() is None


@pytest.mark.parametrize("give_up", ["raise", "return", "abort"])
def test_an_app_that_gives_up_leaves_a_short_body_and_a_reset(loop, file, content, give_up, caplog):
    caplog.set_level("WARNING")

    async def script(app, scope, send):
        await start(send, SIZE)
        await send_file(app, send, file, 0, 1_000_000, more=True)
        if give_up == "raise":
            raise ValueError("a bug")
        if give_up == "abort":
            raise AbortResponse("the copy is corrupt")

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client:
        client.sendall(GET)
        received, was_reset = read_until_cut(client)
        app.end()

    assert was_reset
    body = received.partition(b"\r\n\r\n")[2]
    assert content.startswith(body)
    assert len(body) <= 1_000_000
    if give_up == "abort":
        (line,) = [record.getMessage() for record in caplog.records]
        assert line == "GET /files/abc/download was cut short: the copy is corrupt"
        assert not any(record.exc_info for record in caplog.records)


def test_a_client_that_left_is_one_log_line_without_a_ticket(loop, whole_file, caplog):
    caplog.set_level("INFO")
    with serving(whole_file, loop=loop) as server, server.connect() as client:
        client.sendall(GET)
        read_some(client, 100_000)
        reset(client)
        whole_file.end()

    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("adapters")]
    assert line == "GET /files/abc/download was cut short: the client closed the connection"
    assert not any(record.exc_info for record in caplog.records)


def test_what_progress_raises_ends_the_send_and_reaches_the_app(loop, file):
    class Ended(Exception):
        pass

    async def script(app, scope, send):
        def progress(count):
            app.progress(count)
            raise Ended

        await start(send, SIZE)
        message = {"file": file, "offset": 0, "count": SIZE, "progress": progress}
        with pytest.raises(Ended):
            await send({"type": EXTENSION, **message})
        raise AbortResponse("ended")

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client:
        client.sendall(GET)
        received, _ = read_until_cut(client)

    assert isinstance(app.end(), AbortResponse)
    assert 0 < app.handed_over <= 256 * 1024
    assert len(received) < 257 * 1024


def test_a_client_that_takes_nothing_is_cut(loop, whole_file):
    with serving(whole_file, loop=loop, stall_timeout=0.3) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        end = whole_file.end()

        received, _ = read_until_cut(client)

    assert isinstance(end, ClientDisconnected)
    assert "stalled" in str(end)
    counted = whole_file.handed_over - end.unacknowledged_bytes
    assert 0 < counted <= len(received.partition(b"\r\n\r\n")[2]) < SIZE


def test_a_slow_client_is_not_taken_for_a_stalled_one(loop, whole_file, content):
    with serving(whole_file, loop=loop, stall_timeout=1.0) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        slowly = b""
        for _ in range(15):
            slowly += read_some(client, 30_000)
            time.sleep(0.1)
        with client.makefile("rb") as stream:
            received = slowly + stream.read(SIZE + len(slowly.partition(b"\r\n\r\n")[0]) + 4 - len(slowly))

        assert received.partition(b"\r\n\r\n")[2] == content
        assert whole_file.end() is None


@pytest.mark.parametrize("length", [None, 10])
def test_zero_copy_refuses_what_would_break_the_framing(loop, file, length):
    async def script(app, scope, send):
        await start(send, length)
        await send_file(app, send, file, 0, 11)

    app = ScriptedApp(script)
    with serving(app, loop=loop) as server, server.connect() as client:
        client.sendall(GET)
        read_until_cut(client)

        assert isinstance(app.end(), RuntimeError)


def test_a_disk_that_hangs_leaves_the_others_to_the_others(loop, file, content):
    async def script(app, scope, send):
        await start(send, 100_000)
        await send_file(app, send, file, 0, 100_000, cold=True, disk=scope["path"][1:])

    # As if sixteen copies of it would not end.
    hung = turns_of(f"hung/{loop}")
    for _ in range(COLD_AT_ONCE):
        with pytest.raises(StopIteration):
            hung.acquire().send(None)
    assert hung.locked()
    with serving(ScriptedApp(script), loop=loop) as server, server.connect() as waiting, server.connect() as client:
        waiting.sendall(GET.replace(b"/files/abc/download", f"/hung/{loop}".encode()))
        client.sendall(GET.replace(b"/files/abc/download", b"/well"))
        with client.makefile("rb") as stream:
            assert read_answer(stream).body == content[:100_000]
        reset(waiting)
