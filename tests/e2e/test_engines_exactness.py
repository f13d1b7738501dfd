"""Four server processes on one PostgreSQL: exactly the quota, never over the rate, whatever dies in the middle."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx
import pytest

from tests.contract.sql_databases import on_postgres, postgres_database
from tests.e2e.observer import SIZE, Observer
from tests.e2e.private_postgres import PrivatePostgres, private_postgres
from tests.e2e.real_service import ALICE, Installation, Server, quota, settled_quota, until

SERVERS = 4
REQUESTS = 400
QUOTA, RATE = 100, 5
LEASE_SECONDS = 6


@attrs.frozen
class Scene:
    """The servers, what they serve, and who downloads it."""

    installation: Installation
    servers: list[Server]
    checksum: str
    data: bytes
    token: str

    def observed(self, on_grant: Callable[[int], None] = lambda _count: None) -> Observer:
        """Let all clients ask at once."""
        observer = Observer(self.data, rate_limit=RATE, on_grant=on_grant)
        ports = [server.port for server in self.servers]
        asyncio.run(observer.all_at_once(ports, f"/files/{self.checksum}/download", self.token, REQUESTS))
        said = [line for server in self.servers for line in server.log.splitlines() if '"request failed"' in line]
        assert said == []
        return observer


@contextmanager
def four_servers(folder: Path, database_url: str) -> Iterator[Scene]:
    """A user with a quota, and one file."""
    installation = Installation(
        folder,
        database_url=database_url,
        lease_seconds=LEASE_SECONDS,
        renew_seconds=0.5,
        sweep_seconds=0.5,
        slot_wait_seconds=30,
    )
    checksum, data = installation.add_file(SIZE)
    installation.set_limits(max_quota=QUOTA, rate_limit=RATE)
    with installation.several_serving(SERVERS) as servers:
        yield Scene(installation, servers, checksum, data, installation.token())


@on_postgres
def test_four_servers_grant_exactly_the_quota_and_never_more_at_once_than_the_rate(tmp_path: Path) -> None:
    with postgres_database(migrated=False) as url, four_servers(tmp_path, url) as scene:
        observer = scene.observed()
        counted = settled_quota(scene.servers[0], scene.token)
        left = scene.installation.query("SELECT * FROM transfer")

    assert (observer.completed, observer.refused_for_quota) == (QUOTA, REQUESTS - QUOTA)
    assert observer.granted == QUOTA
    assert 1 < observer.most <= RATE
    assert set(observer.statuses) <= {200, 429}
    assert counted == {
        "email": ALICE, "maxQuota": QUOTA, "rateLimit": RATE, "currentQuota": QUOTA, "currentRate": 0,
    }  # fmt: skip
    assert left == []


@on_postgres
def test_a_server_that_is_killed_lets_nothing_over_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with postgres_database(migrated=False) as url, four_servers(tmp_path, url) as scene:
        victim, moment = scene.servers[-1], random.randint(5, 60)

        observer = scene.observed(lambda granted: victim.kill() if granted == moment else None)

        # What ran on it is settled by what it had told last: a client may have got more than that, even all of it.
        check(scene, observer, f"killed at grant {moment}", unknown=RATE)
        assert observer.broken <= RATE


@on_postgres
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_restarts_lets_nothing_over_and_leaves_nothing_behind(tmp_path: Path, mode: str) -> None:
    with private_postgres() as database, four_servers(tmp_path, database.url) as scene:
        restart = Restart(database, mode, at_grant=random.randint(5, 60))

        observer = scene.observed(restart)
        restart.join()

        check(scene, observer, f"restarted at grant {restart.at_grant}")
        assert observer.broken == 0


class Restart:
    """Restarts a database beside the clients, once, at a grant."""

    def __init__(self, database: PrivatePostgres, mode: str, *, at_grant: int) -> None:
        self.at_grant = at_grant
        self._thread = threading.Thread(target=database.restart, args=(mode,))

    def __call__(self, granted: int) -> None:
        if granted == self.at_grant:
            self._thread.start()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()


def check(scene: Scene, observer: Observer, moment: str, *, unknown: int = 0) -> None:
    """Never over, nothing leaked: what is not used can be used, and not one download more."""
    server = scene.servers[0]
    until(lambda: quota(server, scene.token)["currentRate"] == 0)
    assert scene.installation.query("SELECT * FROM transfer") == [], moment
    assert set(observer.statuses) <= {200, 429, 503}, (moment, observer.statuses)
    assert observer.most <= RATE, moment
    assert observer.completed + observer.broken + observer.refused_for_quota == REQUESTS, moment

    used = quota(server, scene.token)["currentQuota"]
    assert observer.completed - unknown <= used <= min(QUOTA, observer.completed + observer.broken), moment
    # A broken download that had delivered something is kept and can be resumed; a whole file is a new one.
    again = [_status(scene, server) for _ in range(QUOTA - used + 1)]

    assert again == [200] * (QUOTA - used) + [429], moment
    assert scene.installation.query("SELECT units_used, active_downloads FROM account") == [(QUOTA, 0)], moment
    assert scene.installation.query("SELECT * FROM transfer") == [], moment


def _status(scene: Scene, server: Server) -> int:
    url = f"{server.url}/files/{scene.checksum}/download"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {scene.token}"}, timeout=60)
    assert answer.status_code != 200 or answer.content == scene.data
    return answer.status_code
