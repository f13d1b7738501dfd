"""The head of a request is bounded in size and time: anybody may open a connection."""

import asyncio
import json

from adapters.http.sendfile_protocol import HEAD_BYTES
from tests.integration.scripted_app import ScriptedApp, send_body, start
from tests.integration.serving import read_answer, read_until_cut, serving

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def hello(app, scope, send):
    await start(send, 5)
    await send_body(app, send, b"hello")


def send_until_refused(client, data, most):
    """How many bytes a client can send before the server has had enough; at most ``most``."""
    sent = 0
    try:
        while sent < most:
            client.sendall(data)
            sent += len(data)
    except ConnectionError:
        pass
    return sent


def test_a_head_that_never_ends_is_refused():
    endless = {"one value": b"a" * 65536, "many fields": b"a: b\r\n" * 10_000}
    most = 50_000_000
    for start_of_line, data in ((b"A: ", endless["one value"]), (b"", endless["many fields"])):
        with serving(ScriptedApp(hello)) as server, server.connect() as client:
            client.sendall(HEAD + start_of_line)

            assert send_until_refused(client, data, most) < most


def test_the_refusal_says_why():
    with serving(ScriptedApp(hello)) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(HEAD + b"A: " + b"a" * (HEAD_BYTES - len(HEAD) - 2))

        answer = read_answer(stream)

    assert answer.status == 431
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["status"] == 431


def test_what_is_no_http_is_refused_in_the_words_of_every_refusal():
    too_long = b"GET /?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for sent in (b"HELO example.org\r\n\r\n", too_long):
        with serving(ScriptedApp(hello)) as server, server.connect() as client, client.makefile("rb") as stream:
            client.sendall(sent)
            answer = read_answer(stream)

            assert answer.status in {400, 431}
            assert (answer.headers["content-type"], answer.headers["connection"]) == (
                "application/problem+json",
                "close",
            )
            assert json.loads(answer.body)["status"] == answer.status


def test_what_is_no_http_behind_a_request_gets_nothing_written_into_the_answer():
    async def half(app, scope, send):
        await start(send, 10)
        await send_body(app, send, b"hello", more=True)
        while True:  # until the client is gone, which sending tells
            await asyncio.sleep(0.01)
            await send_body(app, send, b"", more=True)

    with serving(ScriptedApp(half)) as server, server.connect() as client:
        client.sendall(HEAD + b"\r\n")
        received = b""
        while not received.endswith(b"hello"):
            received += client.recv(1000)
        client.sendall(b"\x00 this is no HTTP\r\n\r\n")
        more, _ = read_until_cut(client)

    assert more == b""


def test_a_body_and_a_head_in_pieces_behind_it_are_no_large_head():
    with serving(ScriptedApp(hello)) as server, server.connect() as client, client.makefile("rb") as stream:
        for _ in range(3):
            client.sendall(HEAD + b"Content-Length: 150000\r\n\r\n" + bytes(150_000) + HEAD)
            assert read_answer(stream).body == b"hello"
            client.sendall(b"\r\n")
            assert read_answer(stream).body == b"hello"


def test_a_connection_without_a_whole_head_is_closed_after_a_while():
    with serving(ScriptedApp(hello), head_timeout=0.3) as server:
        for sent in (b"", b"GET /", HEAD):
            with server.connect() as client:
                client.sendall(sent)

                assert read_until_cut(client) == (b"", False)


def test_part_of_a_next_head_does_not_cut_the_answer_before_it():
    async def large(app, scope, send):
        await start(send, 8_000_000)
        for _ in range(8):
            await send_body(app, send, bytes(1_000_000), more=True)
        await send_body(app, send, b"")

    app = ScriptedApp(large)
    with serving(app, head_timeout=0.1) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(HEAD + b"\r\n" + b"GET /")
        first = client.recv(1000)
        # Longer than the head may take: the body is what the client is busy with.
        while app.handed_over < 2_000_000:
            first += client.recv(65536)
        received, _ = read_until_cut(client)

    assert len((first + received).partition(b"\r\n\r\n")[2]) == 8_000_000
