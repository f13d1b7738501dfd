"""What is secret in an address: refused unless switched on, and in no line that a real process logs."""

import socket
from contextlib import closing
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from domain.access import Role
from tests.e2e.real_service import TENANT, Installation, Server

USER = "user@x.org"
PASSWORD = "correct horse battery"
PROBLEM = "application/problem+json"
TICKET = "t1cket-that-nobody-may-read-in-a-log-0123456789"


@pytest.mark.parametrize("is_switched_on", [False, True], ids=["off", "on"])
def test_a_token_in_an_address_is_refused_unless_switched_on_and_never_logged(tmp_path, is_switched_on):
    installation = Installation(tmp_path)
    checksum, _ = installation.add_file(5_000)
    token, admin = installation.token(USER, Role.REGISTERED_USER), installation.token("admin@x.org", Role.PROJECT_ADMIN)
    urn = f"URN:AIP:DATA:{TENANT}:{uuid4()}:V1"
    product = f"/downloads/{urn}/files/{checksum}"
    query = f"?token={token}&t={TICKET}"

    with (
        installation.serving(token_in_url=is_switched_on, log_level="debug") as server,
        httpx.Client(base_url=server.url, headers={"accept": PROBLEM}, timeout=60) as client,
    ):
        own = client.get(f"/quota{query}")
        answers = [
            client.get(product + query),
            client.head(product + query),
            client.get(f"{product}{query}&acceptLicense=true&isContentInline=nonsense"),
            client.get(f"/downloads/{urn}%00/files/x{query}"),
            client.get(f"/downloads/nonsense/files/{checksum}{query}"),
            client.get(f"/engines/legacy/dataobjects/search{query}&q=label:(x"),
            client.get(f"/stac/search{query}&bbox=nonsense"),
            client.post(f"/downloads/plan{query}", content=b"{"),
            client.patch(product + query),
            client.get(f"/nowhere{query}"),
            client.get(f"/files/{checksum}/download/token{query}&scope={TENANT}"),
            client.get(f"/files/{checksum}/download{query}", headers={"range": "bytes=99999-"}),
            client.get("/quota", headers={"referer": f"https://portal.example.org/?token={token}"}),
            client.get("/quota", headers={"authorization": f"Bearer {token[:-4]}AAAA"}),
            client.post(f"/oauth/token?username={USER}&password={quote(PASSWORD)}&scope={TENANT}"),
            client.get(f"/quota/current?token={admin}", headers={"authorization": f"Bearer {token}"}),
            client.get(f"/quota?token={token}&token={token}"),
            client.get(f"/quota?%74oken={token}"),
        ]
        raw = [
            _said(server, f"GET /quota{query} HTTP/9.9\r\nHost: x\r\n\r\n"),
            _said(server, f"GET /quota{query} HTTP/1.1\r\n\r\n"),
            _said(server, f"GET /quota{query}\x01 HTTP/1.1\r\nHost: x\r\n\r\n"),
            _said(server, f"GET /quota{query}{'x' * 100_000} HTTP/1.1\r\nHost: x\r\n\r\n"),
        ]
        log = server.stop()

    secrets = (token, admin, TICKET, PASSWORD, token.split(".")[2], quote(PASSWORD))
    assert own.status_code == (200 if is_switched_on else 401)
    assert log.count('"path"') >= len(answers)
    assert [secret for secret in secrets if secret in log] == []
    assert "isContentInline" not in log, "no query is logged, masked or not"
    for answer in (own, *answers):
        assert 200 <= answer.status_code < 500
        told = answer.text + str(answer.headers)
        assert [secret for secret in secrets if secret in told] == [], answer.request.url.path
        if answer.content and answer.headers["content-type"] == PROBLEM:
            assert "?" not in answer.json().get("instance", "")
    for answer in raw:
        assert [secret for secret in secrets if secret.encode() in answer] == []


def _said(server: Server, request: str) -> bytes:
    """What comes back for bytes that no client library would send."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        said = b""
        try:
            while more := connection.recv(65_536):
                said += more
        except ConnectionResetError:
            return said
        return said
