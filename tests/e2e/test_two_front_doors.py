"""Two front doors, each a process of its own, over one PostgreSQL: what one is told counts on both at once."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID

import attrs
import httpx
import pytest

from domain.access import Role
from domain.guessing import FREE_ATTEMPTS
from tests.contract.sql_databases import POSTGRES_MARKS, postgres_database
from tests.e2e.real_service import TENANT, Installation, Server

pytestmark = list(POSTGRES_MARKS)

ADMIN, PASSWORD = "admin@x.org", "correct horse"
SIZE = 5_000
LICENCE = "https://archive.example.org/licence.html"


@attrs.define
class Archive:
    """The two of them, with an administrator's client of each, and things to look at that no other test touches."""

    installation: Installation
    servers: list[Server]
    clients: list[httpx.Client]
    checksums: tuple[str, str]
    numbers: Iterator[int]

    def bearer(self, user: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.installation.token(user, Role.REGISTERED_USER)}"}

    def a_scene(self, version: int = 1, checksum: str | None = None, number: int | None = None) -> "Scene":
        """A product of its own in a dataset of its own, put through the first server, and a group that has it."""
        number = next(self.numbers) if number is None else number
        dataset = f"URN:AIP:DATASET:{TENANT}:{UUID(int=10_000 + number)}:LAST"
        scene = Scene(f"URN:AIP:DATA:{TENANT}:{UUID(int=number)}:V{version}", dataset, checksum or self.checksums[0])
        user, group = f"user{number}@x.org", f"group{number}"
        right = {
            "group": group,
            "dataset": dataset,
            "metadataAccessLevel": "FULL_ACCESS",
            "fileAccessLevel": "INHERITED_ACCESS",
        }
        first = self.clients[0]
        first.put(f"/products/{scene.urn}", json=scene.feature()).raise_for_status()
        first.put(f"/accessgroups/{group}", json={}).raise_for_status()
        first.put(f"/accessgroups/{group}/users/{user}", json={}).raise_for_status()
        first.put("/accessrights", json=right).raise_for_status()
        return attrs.evolve(scene, user=user, group=group, headers=self.bearer(user))

    def statuses(self, scene: "Scene", method: str = "HEAD") -> list[int]:
        """What each server says to the user of a scene."""
        return [client.request(method, scene.url, headers=scene.headers).status_code for client in self.clients]


@attrs.frozen
class Scene:
    """A product with one file, and somebody who has it."""

    urn: str
    dataset: str
    checksum: str
    user: str = ""
    group: str = ""
    headers: dict[str, str] = attrs.field(factory=dict)

    @property
    def url(self) -> str:
        return f"/downloads/{self.urn}/files/{self.checksum}"

    @property
    def last_urn(self) -> str:
        return f"{self.urn.rpartition(':')[0]}:LAST"

    def feature(self) -> dict[str, object]:
        file = {
            "dataType": "RAWDATA",
            "checksum": self.checksum,
            "digestAlgorithm": "SHA-256",
            "filename": "scene.dat",
            "filesize": SIZE,
            "mimeType": "application/octet-stream",
            "reference": False,
        }
        return {
            "type": "Feature",
            "id": self.urn,
            "providerId": self.urn,
            "label": "A scene",
            "model": "scene",
            "properties": {},
            "tags": [self.dataset],
            "files": {"RAWDATA": [file]},
        }


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with ExitStack() as stack:
        url = stack.enter_context(postgres_database(migrated=False))
        installation = Installation(tmp_path_factory.mktemp("archive"), database_url=url, slot_wait_seconds=0)
        checksums = tuple(installation.add_file(SIZE, name=name)[0] for name in ("older.dat", "newer.dat"))
        servers = stack.enter_context(installation.several_serving(2))
        admin = {"authorization": f"Bearer {installation.token(ADMIN)}"}
        clients = [
            stack.enter_context(httpx.Client(base_url=server.url, headers=admin, timeout=60)) for server in servers
        ]
        yield Archive(installation, servers, clients, checksums, iter(range(1, 1000)))


def _leave_the_group(archive: Archive, scene: Scene) -> httpx.Response:
    return archive.clients[0].delete(f"/accessgroups/{scene.group}/users/{scene.user}")


def _take_the_files_away(archive: Archive, scene: Scene) -> httpx.Response:
    right = {"group": scene.group, "dataset": scene.dataset, "metadataAccessLevel": "FULL_ACCESS"}
    return archive.clients[0].put("/accessrights", json={**right, "fileAccessLevel": "NO_ACCESS"})


def _delete_the_group(archive: Archive, scene: Scene) -> httpx.Response:
    return archive.clients[0].delete(f"/accessgroups/{scene.group}")


def _delete_the_product(archive: Archive, scene: Scene) -> httpx.Response:
    return archive.clients[0].delete(f"/products/{scene.urn}")


@pytest.mark.parametrize(
    ("change", "status"),
    [(_leave_the_group, 404), (_take_the_files_away, 403), (_delete_the_group, 404), (_delete_the_product, 404)],
)
def test_what_one_takes_away_the_other_refuses_at_the_next_request(
    archive: Archive, change: Callable[[Archive, Scene], httpx.Response], status: int
) -> None:
    scene = archive.a_scene()
    handed_on = archive.clients[1].post(f"{scene.url}/tickets", headers=scene.headers, json={}).json()["url"]
    before = archive.statuses(scene), httpx.get(handed_on).status_code

    change(archive, scene).raise_for_status()

    assert before == ([200, 200], 200)
    assert archive.statuses(scene) == archive.statuses(scene, "GET") == [status, status]
    assert httpx.get(handed_on).status_code == 403


def test_a_licence_and_its_reset_count_on_both_at_once(archive: Archive) -> None:
    scene = archive.a_scene()
    first, second = archive.clients
    said = [archive.statuses(scene)]

    first.put("/licences", json={"link": LICENCE, "dataset": scene.dataset}).raise_for_status()
    said.append(archive.statuses(scene))
    second.put(f"/datasets/{scene.dataset}/license", headers=scene.headers).raise_for_status()
    said.append(archive.statuses(scene))
    first.put(f"/datasets/{scene.dataset}/license/reset").raise_for_status()
    said.append(archive.statuses(scene))

    assert said == [[200, 200], [423, 423], [200, 200], [423, 423]]


def test_last_moves_on_both_when_a_newer_version_comes_through_one(archive: Archive) -> None:
    old = archive.a_scene()
    number = UUID(old.urn.split(":")[4]).int
    second = archive.clients[1]

    def by_last(checksum: str) -> list[int]:
        path = f"/downloads/{old.last_urn}/files/{checksum}"
        return [client.get(path, headers=old.headers).status_code for client in archive.clients]

    before = by_last(old.checksum)
    new = archive.a_scene(version=2, checksum=archive.checksums[1], number=number)
    moved = by_last(new.checksum), by_last(old.checksum)
    got = second.get(f"/downloads/{old.last_urn}/files/{new.checksum}", headers=old.headers)
    second.delete(f"/products/{new.urn}").raise_for_status()

    assert (before, moved) == ([200, 200], ([200, 200], [404, 404]))
    assert hashlib.sha256(got.content).hexdigest() == new.checksum
    assert (by_last(old.checksum), by_last(new.checksum)) == ([200, 200], [404, 404])
    assert archive.statuses(old) == [200, 200]


def _log_in(client: httpx.Client, user: str, password: str) -> httpx.Response:
    login = {"username": user, "password": password}
    return httpx.post(f"{client.base_url}/oauth/token", params={"scope": TENANT}, json=login, timeout=60)


def test_a_token_of_one_is_good_on_the_other(archive: Archive) -> None:
    scene = archive.a_scene()
    first, second = archive.clients
    first.put(f"/users/{scene.user}", json={"password": PASSWORD}).raise_for_status()

    token = _log_in(first, scene.user, PASSWORD).json()["access_token"]
    got = second.get(scene.url, headers={"authorization": f"Bearer {token}"})

    assert got.status_code == 200
    assert hashlib.sha256(got.content).hexdigest() == scene.checksum


def test_wrong_passwords_are_counted_across_both(archive: Archive) -> None:
    user = "guessed@x.org"
    archive.clients[0].put(f"/users/{user}", json={"password": PASSWORD}).raise_for_status()

    guesses = [_log_in(archive.clients[number % 2], user, f"wrong {number}") for number in range(FREE_ATTEMPTS + 1)]
    locked = [_log_in(client, user, PASSWORD) for client in archive.clients]

    assert {guess.json()["additionalInformation"]["error"] for guess in guesses} == {"ACCOUNT_UNKNOWN"}
    for answer in locked:
        assert answer.status_code == 400
        assert answer.json()["additionalInformation"] == {"error": "ACCOUNT_LOCKED"}
        assert 0 < int(answer.headers["retry-after"]) <= 30


def test_a_cart_that_one_sets_aside_is_used_through_the_other(archive: Archive) -> None:
    scene, other = archive.a_scene(), archive.checksums[1]
    first, second = archive.clients
    first.put(f"/products/{scene.urn}", json=_with(scene, other)).raise_for_status()
    archive.installation.set_limits(max_quota=1, user=scene.user)
    cart = {"files": [{"urn": scene.urn, "checksum": scene.checksum}], "reserve": True}

    plan = first.post("/downloads/plan", headers=scene.headers, json=cart).json()
    refused = second.get(f"/downloads/{scene.urn}/files/{other}", headers=scene.headers)
    used = second.get(scene.url, headers=scene.headers)

    assert plan["reservedUntil"]
    assert (refused.status_code, used.status_code) == (429, 200)


def test_both_at_once_give_no_unit_too_many(archive: Archive) -> None:
    scene = archive.a_scene()
    archive.installation.set_limits(max_quota=3, user=scene.user)

    def ask(number: int) -> int:
        client = archive.clients[number % 2]
        return httpx.get(f"{client.base_url}{scene.url}", headers=scene.headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(ask, range(16)))

    assert sorted(statuses) == [200] * 3 + [429] * 13
    assert archive.installation.query(f"SELECT units_used FROM account WHERE email = '{scene.user}'") == [(3,)]


def _with(scene: Scene, checksum: str) -> dict[str, object]:
    feature = scene.feature()
    files = feature["files"]
    assert isinstance(files, dict)
    raw = files["RAWDATA"]
    return {**feature, "files": {"RAWDATA": [*raw, {**raw[0], "checksum": checksum, "filename": "other.dat"}]}}
