"""A plugin that dies, stalls and lies, over real HTTP: right bytes, a refusal, or a cut that the client sees."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import httpx
import pytest

from application.delivery.guarded import Deadlines
from domain.access import Role
from tests import factories
from tests.e2e.service import TENANT, Service
from tests.fakes.in_memory_storage import InMemoryStorage, Misbehaviour
from tests.integration.serving import serving

CHUNK = 128 * 1024
SIZE = 3 * CHUNK + 17
DATA = bytes(i * 7 % 251 for i in range(SIZE))
SHA256 = hashlib.sha256(DATA).hexdigest()
POSITIONS = [0, CHUNK - 1, CHUNK, 2 * CHUNK + 1, SIZE - 1]
RANGES: dict[str | None, bytes] = {None: DATA, "bytes=1000-": DATA[1000:], f"bytes=-{CHUNK}": DATA[-CHUNK:]}

FAULTS: dict[str, Callable[[int], Misbehaviour]] = {
    "dies": lambda at: Misbehaviour(dies_after=at),
    "stalls": lambda at: Misbehaviour(stalls_at=at),
    "fails": lambda at: Misbehaviour(fails_at=at),
    "empty": lambda at: Misbehaviour(empty_at=at),
    "overlong": lambda at: Misbehaviour(overlong_at=at),
    "dribbles and dies": lambda at: Misbehaviour(dies_after=at, largest_read=20_011),
}


@contextmanager
def archive(*copies: Misbehaviour | None, verify: bool = False) -> Iterator[Callable[[str | None], bytes | None]]:
    """A server of one file with these copies, and a client that says what it got: ``None`` for a refusal or a cut."""
    names = [f"disk-{number}" for number in range(1, len(copies) + 1)]
    service = Service(deadlines=Deadlines(open_seconds=0.3, read_seconds=0.3))
    service.storages.update({name: InMemoryStorage() for name in names[1:]})
    with service.database.transaction() as tables:
        tables.files[TENANT, SHA256] = attrs.evolve(factories.a_file(SHA256, size=SIZE), algorithm="SHA-256")
        for priority, (name, fault) in enumerate(zip(names, copies, strict=True)):
            storage, location = service.storages.get(name, service.disk), factories.a_location(SHA256, name)
            assert isinstance(storage, InMemoryStorage)
            version = storage.put(location.url, DATA)
            tables.locations[TENANT, SHA256, name] = attrs.evolve(location, version=version)
            tables.storages[TENANT, name] = factories.a_storage(name, priority=priority, verify=verify)
            if fault is not None:
                storage.misbehave(fault)
    headers = service.bearer(Role.PROJECT_ADMIN)

    with serving(service.app()) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:

        def fetch(byte_range: str | None) -> bytes | None:
            asked = headers if byte_range is None else {**headers, "range": byte_range}
            try:
                answer = client.get(f"/files/{SHA256}/download", headers=asked)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                return None
            assert answer.status_code in {200, 206, 412, 503}, answer.text
            if answer.status_code == 200:
                assert len(answer.content) == SIZE
            return answer.content if answer.is_success else None

        yield fetch


@pytest.mark.parametrize("at", POSITIONS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_one_copy_that_stops_is_never_a_complete_wrong_file(fault: Callable[[int], Misbehaviour], at: int) -> None:
    with archive(fault(at)) as fetch:
        for byte_range, right in RANGES.items():
            assert fetch(byte_range) in {None, right}


@pytest.mark.parametrize("at", POSITIONS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_second_copy_makes_it_right(fault: Callable[[int], Misbehaviour], at: int) -> None:
    with archive(fault(at), None) as fetch:
        assert [fetch(byte_range) for byte_range in RANGES] == list(RANGES.values())


@pytest.mark.parametrize("at", POSITIONS)
def test_a_wrong_byte_never_makes_a_complete_file_where_the_storage_verifies(at: int) -> None:
    with archive(Misbehaviour(corrupt_at=at), None, verify=True) as fetch:
        assert fetch(None) in {None, DATA}
        assert fetch(None) == DATA
