"""What clients are told while PostgreSQL has no connection for the service, or is not there at all."""

from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg

from tests.contract.sql_databases import on_postgres
from tests.e2e.private_postgres import PrivatePostgres, private_postgres
from tests.e2e.real_service import Installation, Server, settled_quota, until

SIZE = 1000
CONNECTIONS = 20


@on_postgres
def test_without_a_free_connection_clients_are_asked_to_come_again(tmp_path: Path) -> None:
    with private_postgres(max_connections=CONNECTIONS) as database:
        installation = Installation(tmp_path, database_url=database.url)
        checksum, data = installation.add_file(SIZE)
        token = installation.token()
        with installation.serving() as server:
            with ExitStack() as stack:
                take_all(stack, database)
                refused = ask(server, token, checksum)
            # The connections come free a moment after those who had them have left.
            until(lambda: ask(server, token, checksum).content == data)
            counted = settled_quota(server, token)

    assert_come_again(refused)
    assert (counted["currentQuota"], counted["currentRate"]) == (1, 0)


@on_postgres
def test_without_a_database_clients_are_asked_to_come_again_and_nothing_is_charged(tmp_path: Path) -> None:
    with private_postgres() as database:
        installation = Installation(tmp_path, database_url=database.url)
        checksum, data = installation.add_file(SIZE)
        token = installation.token()
        with installation.serving() as server:
            first = ask(server, token, checksum)
            database.stop()
            refused = [ask(server, token, checksum) for _ in range(3)]
            others = [
                httpx.get(f"{server.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=60)
                for path in ("/quota/current", "/files", "/storages", "/settings")
            ]
            database.start()
            second = ask(server, token, checksum)
            counted = settled_quota(server, token)

    for answer in (*refused, *others):
        assert_come_again(answer)
    assert [(each.status_code, each.content) for each in (first, second)] == [(200, data)] * 2
    assert (counted["currentQuota"], counted["currentRate"]) == (2, 0)


def take_all(stack: ExitStack, database: PrivatePostgres) -> None:
    """Open connections until the server has none left."""
    url = database.url.replace("+psycopg", "")
    for _ in range(CONNECTIONS):
        try:
            stack.enter_context(psycopg.connect(url))
        except psycopg.OperationalError:
            return
    raise AssertionError("The server takes more connections than it was told to.")


def ask(server: Server, token: str, checksum: str) -> httpx.Response:
    url = f"{server.url}/files/{checksum}/download"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def assert_come_again(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
