"""A front door alone in front of two downloaders: what passes through, what a death costs, and who is let in."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import attrs
import httpx
import pytest

from adapters.security.tokens import JwtTokens
from adapters.system.clock import SystemClock
from benchmarks.processes import resident_kib
from domain.access import Caller, Role
from tests.contract.sql_databases import EITHER, database
from tests.e2e.profiles import (
    ADMIN,
    DATASET,
    LEASE_SECONDS,
    NAME,
    STRANGER,
    Scene,
    add_asleep,
    an_installation,
    front_door,
)
from tests.e2e.real_service import ALICE, TENANT, Installation, SlowClient, until

SMALL, MIB = 300_000, 1024 * 1024
BIG = 48 * MIB
QUOTA, RATE = 10_000, 100


@attrs.frozen
class Front:
    """A scene with a small and a big file, each in a product that alice may have."""

    scene: Scene
    small: str
    small_bytes: bytes
    big: str
    big_bytes: bytes


@pytest.fixture(scope="module", params=EITHER)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with database(request.param, migrated=False) as url:
        installation = an_installation(tmp_path_factory.mktemp("front"), database_url=url)
        small, small_bytes = installation.add_file(SMALL, name="small.dat")
        big, big_bytes = installation.add_file(BIG, name="big.dat")
        installation.set_limits(max_quota=QUOTA, rate_limit=RATE)
        with front_door(installation) as scene:
            yield Front(
                scene, scene.add_product(1, small, SMALL), small_bytes, scene.add_product(2, big, BIG), big_bytes
            )
            said = [line for server in (scene.front, *scene.downloaders) for line in server.log.splitlines()]
            assert [line for line in said if '"request failed"' in line] == []


def test_a_file_comes_whole_in_parts_and_described_as_from_the_downloader_itself(front: Front) -> None:
    client, data = front.scene.client(), front.small_bytes
    whole = client.get(front.small)
    tag = whole.headers["etag"]
    part = client.get(front.small, headers={"range": "bytes=1000-1999", "if-range": tag})
    several = client.get(front.small, headers={"range": "bytes=0-9,100-109"})
    stale = client.get(front.small, headers={"range": "bytes=1000-1999", "if-range": '"another"'})
    inline = client.get(f"{front.small}/any.dat", params={"isContentInline": "true"})
    head = client.head(front.small, headers={"range": "bytes=0-9"})

    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["content-disposition"] == f'attachment; filename="{NAME}"; size={SMALL}'
    assert (part.status_code, part.content) == (206, data[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{SMALL}"
    assert (several.status_code, data[100:110] in several.content) == (206, True)
    assert several.headers["content-type"].startswith("multipart/byteranges")
    assert (stale.status_code, stale.content) == (200, data)
    assert inline.headers["content-disposition"].startswith("inline; ")
    assert inline.headers["x-frame-options"] == "SAMEORIGIN"
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(SMALL))
    of_the_request = {"date", "correlation-id"}
    assert {n: v for n, v in head.headers.items() if n not in of_the_request} == {
        n: v for n, v in whole.headers.items() if n not in of_the_request
    }


def test_conditions_are_judged_by_the_downloader_and_cost_nothing(front: Front) -> None:
    client, before = front.scene.client(), front.scene.units()
    tag = client.head(front.small).headers["etag"]
    modified = client.head(front.small).headers["last-modified"]

    statuses = {
        "if-none-match": client.get(front.small, headers={"if-none-match": tag}).status_code,
        "if-modified-since": client.get(front.small, headers={"if-modified-since": modified}).status_code,
        "if-match": client.get(front.small, headers={"if-match": '"another"'}).status_code,
        "range": client.get(front.small, headers={"range": f"bytes={SMALL}-"}).status_code,
    }
    beyond = client.get(front.small, headers={"range": f"bytes={SMALL}-"})

    assert statuses == {"if-none-match": 304, "if-modified-since": 304, "if-match": 412, "range": 416}
    assert beyond.headers["content-range"] == f"bytes */{SMALL}"
    assert front.scene.units() == before


def test_rights_and_licences_are_decided_at_the_front_door(front: Front) -> None:
    scene = front.scene
    stranger, admin = scene.client(STRANGER), scene.client(ADMIN, Role.PROJECT_ADMIN)
    unseen = stranger.get(front.small)
    admin.put("/licences", json={"link": "https://x.org/l.html", "dataset": DATASET}).raise_for_status()
    locked = scene.client().get(front.small)
    head = scene.client().head(front.small)
    accepted = scene.client().get(locked.json()["accept"].removeprefix(scene.front.url))
    admin.request("DELETE", "/licences", params={"dataset": DATASET}).raise_for_status()

    assert (unseen.status_code, unseen.headers["content-type"]) == (404, "application/problem+json")
    assert (locked.status_code, locked.json()["license"]) == (423, "https://x.org/l.html")
    assert (head.status_code, head.content) == (423, b"")
    assert (accepted.status_code, accepted.content) == (200, front.small_bytes)
    assert accepted.headers["cache-control"] == "no-store"


def test_the_quota_is_the_callers_own_and_exact(front: Front) -> None:
    """Through both downloaders, from many threads: as many copies as units, and each refusal says so."""
    scene, quota, requests = front.scene, 7, 30
    user = "counted@example.org"
    scene.installation.set_limits(max_quota=quota, rate_limit=requests, user=user)
    scene.client(ADMIN, Role.PROJECT_ADMIN).put(f"/accessgroups/readers/users/{user}").raise_for_status()
    headers = scene.bearer(user)

    def fetch(_number: int) -> httpx.Response:
        return httpx.get(scene.front.url + front.small, headers=headers, timeout=60)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(fetch, range(requests)))
    refused = httpx.get(scene.front.url + front.small, headers={**headers, "accept": "application/problem+json"})

    assert sorted(answer.status_code for answer in answers) == [200] * quota + [429] * (requests - quota)
    assert all(answer.content == front.small_bytes for answer in answers if answer.status_code == 200)
    text = next(answer for answer in answers if answer.status_code == 429)
    assert text.text == f"Download quota of {quota} exceeded (by 0) for user {user}."
    assert text.headers["ratelimit-policy"] == f'"quota";q={quota};qu="requests"'
    assert (refused.status_code, refused.json()["limit"]) == (429, quota)
    until(lambda: scene.transfers() == 0)
    assert scene.units(user) == quota
    asked = [server.log.count(f'"path": "/files/{front.small.rsplit("/", 1)[1]}/download"') for server in
             scene.downloaders]  # fmt: skip
    assert min(asked) > 0, "both downloaders had their turns"


def test_a_link_works_for_as_long_as_its_maker_may_have_the_file(front: Front) -> None:
    scene = front.scene
    made = scene.client().post(f"{front.small}/tickets", json={"maxUses": 2}).json()
    admin = scene.client(ADMIN, Role.PROJECT_ADMIN)
    got = httpx.get(made["url"])
    part = httpx.get(made["namedUrl"], headers={"range": "bytes=0-9"})
    head = httpx.head(made["url"])
    admin.delete(f"/accessgroups/readers/users/{ALICE}").raise_for_status()
    late = httpx.get(made["url"])
    admin.put(f"/accessgroups/readers/users/{ALICE}").raise_for_status()

    assert made["url"].startswith(scene.front.url)
    assert (got.status_code, got.content) == (200, front.small_bytes)
    assert got.headers["content-disposition"].startswith(f'attachment; filename="{NAME}"')
    assert (part.status_code, part.content) == (206, front.small_bytes[:10])
    assert head.status_code in {200, 403}
    assert (late.status_code, late.content) == (403, b"")


def test_only_the_routes_of_its_profiles_are_there(front: Front) -> None:
    scene = front.scene
    admin = {"authorization": f"Bearer {scene.installation.token(ADMIN, Role.INSTANCE_ADMIN)}"}
    checksum = front.small.rsplit("/", 1)[1]

    def statuses(url: str) -> dict[str, int]:
        paths = {
            "catalog": front.small,
            "downloader": f"/files/{checksum}/download",
            "storage": "/storages",
            "search": "/engines/legacy/entities/search",
            "stac": "/stac",
            "tenants": "/tenants",
            "quota of others": "/quota/someone@x.org",
            "own quota": "/quota/current",
            "live": "/health/live",
            "metrics": "/metrics",
            "problems": "/problems",
        }
        return {name: httpx.get(url + path, headers=admin).status_code for name, path in paths.items()}

    everywhere = {"live": 200, "metrics": 200, "problems": 200, "own quota": 200}
    assert statuses(scene.front.url) == everywhere | {
        "catalog": 200, "search": 200, "stac": 200,
        "downloader": 404, "storage": 404, "tenants": 404, "quota of others": 404,
    }  # fmt: skip
    assert statuses(scene.downloaders[0].url) == everywhere | {
        "catalog": 404, "search": 404, "stac": 404,
        "downloader": 200, "storage": 200, "tenants": 200, "quota of others": 200,
    }  # fmt: skip
    document = httpx.get(f"{scene.front.url}/schema/openapi.json").json()
    assert "/downloads/{urn}/files/{checksum}" in document["paths"]
    assert "/files/{checksum}/download" not in document["paths"]
    document = httpx.get(f"{scene.downloaders[0].url}/schema/openapi.json").json()
    assert "/files/{checksum}/download" in document["paths"]
    assert "/downloads/{urn}/files/{checksum}" not in document["paths"]


def test_nobody_reaches_a_downloader_with_a_role_or_a_signature_of_their_own(front: Front) -> None:
    scene = front.scene
    url = f"{scene.downloaders[0].url}/files/{front.small.rsplit('/', 1)[1]}/download"
    caller = Caller(TENANT, ALICE, Role.PROJECT_ADMIN)
    forged = JwtTokens(secrets.token_bytes(64), SystemClock()).issue(caller, timedelta(hours=1))

    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"authorization": f"Bearer {forged}"}).status_code == 401
    assert httpx.get(url, headers=scene.bearer()).status_code == 403
    assert httpx.get(scene.front.url + front.small, headers={"authorization": f"Bearer {forged}"}).status_code == 401


def test_who_leaves_early_ends_the_transfer_behind_the_front_door_too(front: Front) -> None:
    scene = front.scene
    client = scene.slow(front.big)
    assert client.read_head() == 200
    assert client.read(MIB) == front.big_bytes[:MIB]
    until(lambda: scene.transfers() == 1)
    before = scene.units()
    client.close()

    until(lambda: scene.transfers() == 0)
    rest = scene.client().get(front.big, headers={"range": f"bytes={MIB}-"})

    assert rest.content == front.big_bytes[MIB:]
    assert scene.units() == before, "a resume costs no second unit"


def test_a_client_that_does_not_read_fills_no_memory(front: Front) -> None:
    scene, count = front.scene, 12
    assert scene.client().get(front.big).content == front.big_bytes
    until(lambda: scene.transfers() == 0)
    before = resident_kib(scene.front.pid)
    clients = [scene.slow(front.big) for _ in range(count)]
    try:
        assert [client.read_head() for client in clients] == [200] * count
        until(lambda: _is_still(scene))
        grown = resident_kib(scene.front.pid) - before
        handed = max(row[0] for row in scene.installation.query("SELECT progress_bytes FROM transfer"))
        # Others are served meanwhile.
        assert scene.client().get(front.small).content == front.small_bytes
    finally:
        for client in clients:
            client.close()
    until(lambda: scene.transfers() == 0)

    # About a mebibyte each, of 48; what the kernel holds between three processes is not the front door's memory.
    assert grown < count * 4 * 1024
    assert handed < BIG / 3


def _is_still(scene: Scene) -> bool:
    """Whether no byte has moved between two renewals."""
    seen = [scene.installation.query("SELECT sum(progress_bytes) FROM transfer")]
    threading.Event().wait(1.5)
    return seen[0] == scene.installation.query("SELECT sum(progress_bytes) FROM transfer") and seen[0][0][0]


def test_a_downloader_that_dies_between_requests_is_passed_over(front: Front) -> None:
    scene, client = front.scene, front.scene.client()
    assert client.get(front.small).status_code == 200
    scene.downloaders[0].kill()

    answers = [client.get(front.small) for _ in range(4)]
    health = client.get("/health/ready").json()
    scene.start(0)

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, front.small_bytes)] * 4
    assert health["status"] == "DEGRADED"
    assert health["checks"]["downloaders"]["problem"] == "1 of 2 downloaders do not answer."


def test_a_downloader_that_dies_in_the_middle_is_an_honest_cut_that_can_be_resumed(front: Front) -> None:
    scene = front.scene
    before = scene.units()
    client = scene.slow(front.big)
    assert client.read_head() == 200
    start = client.read(MIB)
    victim = _delivering(scene)
    scene.downloaders[victim].kill()
    start += _read_until_cut(client)
    client.close()
    assert len(start) < BIG, "a cut file is never whole"
    assert start == front.big_bytes[: len(start)]

    until(lambda: scene.transfers() == 0, seconds=10 * LEASE_SECONDS)
    rest = scene.client().get(front.big, headers={"range": f"bytes={len(start)}-"})
    scene.start(victim)

    assert rest.status_code == 206
    assert hashlib.sha256(start + rest.content).hexdigest() == front.big.rsplit("/", 1)[1]
    assert scene.units() <= before + 1


def _read_until_cut(client: SlowClient) -> bytes:
    """What still comes, until the connection is reset. An orderly end would be a defect: it looks complete to some."""
    data = b""
    try:
        while more := client.read(4096):
            data += more
    except ConnectionResetError:
        return data
    raise AssertionError("The answer ended in good order.")


def _delivering(scene: Scene) -> int:
    """Which downloader sends the big file now: the only one that runs a transfer."""
    running = []
    for server in scene.downloaders:
        numbers = httpx.get(f"{server.url}/metrics").text.splitlines()
        running.append(next(float(n.split()[1]) for n in numbers if n.startswith("rs_downloader_transfers_running ")))
    assert sorted(running) == [0.0, 1.0]
    return running.index(1.0)


def test_without_any_downloader_the_door_says_so_and_goes_on_with_the_rest(front: Front) -> None:
    scene, client = front.scene, front.scene.client()
    for server in scene.downloaders:
        server.kill()

    refused = client.get(front.small)
    found = client.get("/engines/legacy/dataobjects/search")
    for number in range(len(scene.downloaders)):
        scene.start(number)
    again = client.get(front.small)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert refused.json()["type"].endswith("/problems/downloader-unavailable")
    assert found.status_code == 200
    assert (again.status_code, again.content) == (200, front.small_bytes)


def test_a_file_that_sleeps_is_woken_by_the_processes_behind_the_front_door(front: Front) -> None:
    """410 leads to the product's restoration, and not to that of operators; no storage is reached from the door."""
    scene, client = front.scene, front.scene.client()
    checksum, data = add_asleep(scene.installation)
    path = scene.add_product(3, checksum, len(data))
    urn = path.split("/")[2]

    gone = client.get(path)
    before = client.get(f"/availability/files/{urn}").json()["files"]
    asked = client.post(f"/restore/{urn}")
    group = asked.headers["location"]
    until(lambda: client.get(group).json()["state"] == "SUCCESS")
    after = client.get(f"/availability/files/{urn}").json()["files"]
    got = client.get(path)

    assert gone.status_code == 410
    assert gone.json()["restorations"] == f"/restore/{urn}"
    assert before == [{"checksum": checksum, "available": False, "state": "UNAVAILABLE"}]
    assert (after[0]["available"], after[0]["state"]) == (True, "AVAILABLE")
    assert (got.status_code, got.content) == (200, data)


def test_a_front_door_without_downloaders_does_not_start(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    server = installation.started(profiles="catalog")

    with pytest.raises(AssertionError, match="The server ended"):
        server.wait_until_ready()
    assert "RS_DOWNLOADER_DOWNLOADERS must name the instances" in server.log
