"""The server: its socket, its headers, and how it stops."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from adapters.http.listening import NOT_SENT_BYTES, listening_socket
from adapters.http.sendfile_protocol import ClientDisconnected
from tests.integration.scripted_app import ScriptedApp, send_body, start
from tests.integration.serving import read_answer, read_until_cut, serving

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class EndlessApp:
    """Sends until it is stopped, settles, and writes down in which order things end."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                self.events.append(event)
                await send({"type": f"lifespan.{event}.complete"})
            return
        await start(send, 1 << 40)
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        except ClientDisconnected as gone:
            self.events.append(f"settled because {gone}")
            raise


async def hello(app, scope, send):
    await start(send, 5)
    await send_body(app, send, b"hello")


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="this platform has no TCP_NOTSENT_LOWAT")
def test_accepted_connections_queue_little_in_the_kernel():
    with listening_socket("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getpeername() == client.getsockname()
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == NOT_SENT_BYTES


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_socket_listens_on_ipv6_too():
    with listening_socket("::1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        assert listener.family == socket.AF_INET6


def test_a_port_that_is_taken_is_refused():
    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def test_answers_carry_a_date_and_do_not_name_the_server():
    with serving(ScriptedApp(hello)) as server, server.connect() as client, client.makefile("rb") as stream:
        client.sendall(GET)
        answer = read_answer(stream)

    assert answer.body == b"hello"
    assert "date" in answer.headers
    assert "server" not in answer.headers


def test_a_running_response_may_finish_while_the_server_stops():
    async def two_halves(app, scope, send):
        await start(send, 2_000_000)
        await send_body(app, send, bytes(1_000_000), more=True)
        await send_body(app, send, bytes(1_000_000))

    app = ScriptedApp(two_halves)
    with serving(app, graceful_timeout=20.0) as server, server.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        first = client.recv(1000)
        server.server.should_exit = True
        received, was_reset = read_until_cut(client)

    assert app.end() is None
    assert not was_reset
    assert len((first + received).partition(b"\r\n\r\n")[2]) == 2_000_000


def test_what_does_not_finish_in_time_is_cut_and_settles_before_the_lifespan_ends():
    app = EndlessApp()
    with serving(app, graceful_timeout=0.2) as server, server.connect() as client:
        client.sendall(GET)
        client.recv(1000)
        server.server.should_exit = True
        _, was_reset = read_until_cut(client)

    assert was_reset
    assert app.events == ["startup", "settled because the server is stopping", "shutdown"]


def test_idle_connections_do_not_hold_a_stop_up():
    with serving(ScriptedApp(hello), graceful_timeout=20.0) as server, server.connect() as client:
        with client.makefile("rb") as stream:
            client.sendall(GET)
            read_answer(stream)
        server.server.should_exit = True

        assert read_until_cut(client) == (b"", False)


PROCESS = textwrap.dedent(
    """
    import resource
    from adapters.http.listening import listening_socket
    from adapters.http.server import serve

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, most))

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    sock = listening_socket("127.0.0.1", 0)
    port = sock.getsockname()[1]
    serve(app, sock, on_started=lambda: print(port, flush=True), graceful_timeout=5.0)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
    print("stopped", flush=True)
    """
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_cleanly_when_it_is_asked_to(number):
    command = [sys.executable, "-X", "dev", "-c", PROCESS]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as process:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as stream:
            client.sendall(GET)
            assert read_answer(stream).status == 204
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)

    assert (process.returncode, output, errors) == (0, "stopped\n", "")
