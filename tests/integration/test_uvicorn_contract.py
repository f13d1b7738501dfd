"""What the zero-copy protocol leans on inside uvicorn. A failure here says what to re-read after an upgrade."""

import inspect

import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

ADVICE = (
    "uvicorn changed inside: re-read adapters/http/sendfile_protocol.py, response_sender.py and connection_watch.py"
)


def test_the_version_is_one_that_was_read():
    major, minor, *_ = uvicorn.__version__.split(".")

    assert (major, minor) == ("0", "54"), f"{ADVICE}, then let this test name {uvicorn.__version__}"


@pytest.mark.parametrize(
    "name",
    [
        "connection_made",
        "data_received",
        "on_message_begin",
        "on_headers_complete",
        "connection_lost",
        "eof_received",
        "resume_writing",
        "send_400_response",
        "shutdown",
    ],
)
def test_the_protocol_still_has_the_callbacks_that_are_extended(name):
    assert name in vars(HttpToolsProtocol), ADVICE


def test_a_request_still_starts_in_one_place_with_a_cycle_and_an_app():
    assert list(inspect.signature(HttpToolsProtocol._start_asgi_task).parameters) == ["self", "cycle", "app"], ADVICE
    for caller in (HttpToolsProtocol.on_headers_complete, HttpToolsProtocol.on_response_complete):
        assert "self._start_asgi_task(" in inspect.getsource(caller), ADVICE
    assert "await app(" in inspect.getsource(RequestResponseCycle.run_asgi), ADVICE


@pytest.mark.parametrize(
    "name",
    [
        "scope",
        "transport",
        "flow",
        "disconnected",
        "response_started",
        "response_complete",
        "chunked_encoding",
        "expected_content_length",
    ],
)
def test_a_cycle_still_keeps_its_state_under_the_same_names(name):
    assert f"self.{name}" in inspect.getsource(RequestResponseCycle.__init__), ADVICE


def test_a_send_after_a_disconnect_is_still_silent_and_so_has_to_be_checked_before():
    source = inspect.getsource(RequestResponseCycle.send)

    assert "if self.disconnected:\n            return" in source, ADVICE


def test_the_length_is_still_checked_when_the_last_message_is_sent():
    source = inspect.getsource(RequestResponseCycle.send)

    assert "if self.expected_content_length != 0:" in source, ADVICE
    assert "self.expected_content_length -= num_bytes" in source, ADVICE


def test_flow_control_still_tells_whether_writing_is_paused():
    assert "self.write_paused" in inspect.getsource(FlowControl.__init__), ADVICE


def test_the_server_still_stops_in_one_method_and_keeps_its_connections():
    assert list(inspect.signature(uvicorn.Server.shutdown).parameters) == ["self", "sockets"], ADVICE
    assert list(inspect.signature(uvicorn.Server.startup).parameters) == ["self", "sockets"], ADVICE
    for name in ("connections", "tasks"):
        assert f"self.{name}" in inspect.getsource(uvicorn.server.ServerState.__init__), ADVICE
