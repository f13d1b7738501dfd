"""Downloads over HTTP: statuses, header fields and bodies, by RFC 9110 and by upstream's contract."""

import base64
import email
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import Message

import attrs
import pytest
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from adapters.http.headers import content_disposition
from domain.access import ANONYMOUS_EMAIL, Role
from domain.account import AccountKey
from domain.file import ArchiveFile, DataType
from domain.file_name import plain_file_name
from domain.limits import Limits
from tests import factories
from tests.e2e.service import TENANT, Service
from tests.fakes.in_memory_storage import Misbehaviour

pytestmark = pytest.mark.anyio

DATA = bytes(i * 7 % 251 for i in range(5000))
SHA256 = hashlib.sha256(DATA).hexdigest()
URL = f"/files/{SHA256}/download"
USER = "user@x.org"


def add_file(service: Service, data: bytes = DATA, checksum: str = SHA256, **changes: object) -> ArchiveFile:
    file = attrs.evolve(factories.a_file(checksum, size=len(data)), algorithm="SHA-256", **changes)
    location = factories.a_location(checksum, "disk-1")
    with service.database.transaction() as tables:
        tables.files[TENANT, checksum] = file
        version = service.disk.put(location.url, data)
        tables.locations[TENANT, checksum, "disk-1"] = attrs.evolve(location, version=version)
        tables.storages[TENANT, "disk-1"] = factories.a_storage("disk-1")
    return file


@pytest.fixture
def service() -> Service:
    made = Service()
    add_file(made)
    return made


@pytest.fixture
async def client(service: Service) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with service.client() as made:
        made.headers.update(service.bearer(Role.PROJECT_ADMIN, USER))
        yield made


def units(service: Service, user: str = USER) -> int:
    account = service.database.tables.accounts.get(AccountKey(TENANT, user))
    return account.units_used if account else 0


async def limit(service: Service, **limits: int) -> None:
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(**{"max_quota": -1, "rate_limit": -1, **limits}))


async def test_a_file_arrives_with_all_that_clients_need(client: AsyncTestClient[Litestar], service: Service) -> None:
    answer = await client.get(URL)

    assert (answer.status_code, answer.content) == (200, DATA)
    digest = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
    assert dict(answer.headers) == {
        "etag": f'"{SHA256}"',
        "last-modified": "Sun, 01 Mar 2026 12:00:00 GMT",
        "cache-control": "private",
        "accept-ranges": "bytes",
        "content-disposition": 'attachment; filename="product.tif"; size=5000',
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "repr-digest": f"sha-256=:{digest}:",
        "digest": f"SHA-256={digest}",
        "content-type": "image/tiff",
        "content-length": "5000",
    }
    assert units(service) == 1


async def test_inline_content_is_sandboxed(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get(URL, params={"isContentInline": "true"})

    assert answer.headers["content-disposition"].startswith("inline; ")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["content-security-policy"] == "sandbox"


async def test_the_name_may_be_the_last_segment(client: AsyncTestClient[Litestar]) -> None:
    assert (await client.get(f"{URL}/product.tif")).content == DATA


async def test_head_answers_like_get_and_costs_nothing(client: AsyncTestClient[Litestar], service: Service) -> None:
    head = await client.head(URL)
    units_after_head = units(service)
    get = await client.get(URL)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers
    assert units_after_head == 0


async def test_head_ignores_range(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.head(URL, headers={"Range": "bytes=0-9"})

    assert (answer.status_code, answer.headers["content-length"]) == (200, "5000")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-", 0, 4999), ("0-0", 0, 0), ("-100", 4900, 4999), ("4999-", 4999, 4999), ("100-99999", 100, 4999)],
)
async def test_one_range(client: AsyncTestClient[Litestar], asked: str, first: int, last: int) -> None:
    answer = await client.get(URL, headers={"Range": f"bytes={asked}"})

    assert (answer.status_code, answer.content) == (206, DATA[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/5000"
    assert answer.headers["content-length"] == str(last - first + 1)


def parts_of(answer: Response) -> list[Message]:
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    return email.message_from_bytes(head + answer.content).get_payload()  # type: ignore[return-value]  # multipart


async def test_several_ranges_come_as_multipart(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get(URL, headers={"Range": "bytes=0-9,4000-4099,-5"})

    assert answer.status_code == 206
    assert answer.headers["content-length"] == str(len(answer.content))
    assert "content-range" not in answer.headers
    parts = parts_of(answer)
    assert [part["Content-Range"] for part in parts] == [
        "bytes 0-9/5000", "bytes 4000-4099/5000", "bytes 4995-4999/5000",
    ]  # fmt: skip
    assert [part["Content-Type"] for part in parts] == ["image/tiff"] * 3
    assert [p.get_payload(decode=True) for p in parts] == [DATA[:10], DATA[4000:4100], DATA[4995:]]


async def test_touching_ranges_are_joined_to_one(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get(URL, headers={"Range": "bytes=10-19,0-9"})

    assert (answer.content, answer.headers["content-range"]) == (DATA[:20], "bytes 0-19/5000")


async def test_a_range_outside_is_416_with_an_empty_body(client: AsyncTestClient[Litestar], service: Service) -> None:
    answer = await client.get(URL, headers={"Range": "bytes=5000-"})

    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */5000"
    assert units(service) == 0


@pytest.mark.parametrize("field", ["bytes=9-0", "bytes=a-b", "lines=0-1", "bytes", "bytes=", "bytes=-"])
async def test_a_range_that_makes_no_sense_is_ignored(client: AsyncTestClient[Litestar], field: str) -> None:
    assert (await client.get(URL, headers={"Range": field})).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("If-None-Match", f'"{SHA256}"'), ("If-None-Match", f'W/"{SHA256}", "x"'), ("If-None-Match", "*"),
     ("If-Modified-Since", "Sun, 01 Mar 2026 12:00:00 GMT")],
)  # fmt: skip
async def test_what_the_client_has_already_is_304(
    client: AsyncTestClient[Litestar], service: Service, field: str, value: str
) -> None:
    answer = await client.get(URL, headers={field: value})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{SHA256}"'
    assert units(service) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("If-Match", '"other"'), ("If-Match", f'W/"{SHA256}"'), ("If-Unmodified-Since", "Sat, 28 Feb 2026 12:00:00 GMT")],
)
async def test_a_precondition_that_fails_is_412(
    client: AsyncTestClient[Litestar], service: Service, field: str, value: str
) -> None:
    answer = await client.get(URL, headers={field: value})

    assert answer.status_code == 412
    assert answer.json()["type"] == "/problems/precondition-failed"
    assert units(service) == 0


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(f'"{SHA256}"', 206), ('"other"', 200), ("Sun, 01 Mar 2026 12:00:00 GMT", 206),
     ("Sun, 01 Mar 2026 12:00:01 GMT", 200), ("garbage", 200), (f'W/"{SHA256}"', 200)],
)  # fmt: skip
async def test_if_range_decides_between_part_and_whole(
    client: AsyncTestClient[Litestar], if_range: str, status: int
) -> None:
    assert (await client.get(URL, headers={"Range": "bytes=0-9", "If-Range": if_range})).status_code == status


@pytest.mark.parametrize("field", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
    ],
)
async def test_an_unreadable_date_counts_as_absent(client: AsyncTestClient[Litestar], field: str, date: str) -> None:
    assert (await client.get(URL, headers={field: date})).status_code == 200


async def test_an_unknown_checksum_is_404_with_a_problem(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get("/files/nothing/download")

    assert answer.status_code == 404
    assert answer.json()["messages"] == ["There is no file with checksum 'nothing'."]


async def test_the_quota_is_told_in_upstreams_words(client: AsyncTestClient[Litestar], service: Service) -> None:
    await limit(service, max_quota=1)
    await client.get(URL)

    answer = await client.get(URL)

    assert answer.status_code == 429
    assert answer.text == f"Download quota of 1 exceeded (by 0) for user {USER}."
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "retry-after" not in answer.headers
    assert units(service) == 1


async def test_the_rate_says_when_to_come_again(client: AsyncTestClient[Litestar], service: Service) -> None:
    await limit(service, rate_limit=0)

    answer = await client.get(URL)

    assert answer.status_code == 429
    assert answer.text == f"Download rate of 0 exceeded (by 0) for user {USER}."
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["ratelimit-policy"]
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_a_refusal_as_problem_details_when_asked_for(client: AsyncTestClient[Litestar], service: Service) -> None:
    await limit(service, max_quota=0)

    answer = await client.get(URL, headers={"Accept": "application/problem+json"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 429
    assert (answer.json()["limit"], answer.json()["current"]) == (0, 0)


async def test_no_copy_that_opens_is_503_and_says_when_to_try_again(
    client: AsyncTestClient[Litestar], service: Service
) -> None:
    service.disk.misbehave(Misbehaviour(unavailable=True))

    answer = await client.get(URL)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert units(service) == 0


async def test_an_empty_file(client: AsyncTestClient[Litestar], service: Service) -> None:
    add_file(service, b"", "empty")

    answer = await client.get("/files/empty/download")

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_the_anonymous_user_gets_no_file_by_checksum(service: Service) -> None:
    async with service.client() as client:
        answer = await client.get(URL, params={"scope": TENANT})

    assert answer.status_code == 403


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.REGISTERED_USER, Role.EXPLOIT, Role.ADMIN])
async def test_weaker_roles_get_no_file_by_checksum(service: Service, role: Role) -> None:
    async with service.client() as client:
        assert (await client.get(URL, headers=service.bearer(role))).status_code == 403


async def test_another_tenant_does_not_have_the_file(service: Service) -> None:
    async with service.client() as client:
        answer = await client.get(URL, headers=service.bearer(Role.PROJECT_ADMIN, tenant="other"))

    assert answer.status_code == 404


async def ticket(client: AsyncTestClient[Litestar], **wanted: object) -> tuple[str, str]:
    """Issue a ticket; its id and the path to download with."""
    answer = await client.post("/tickets", json={"checksum": SHA256, **wanted})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], f"{URL}/token?t={answer.json()['token']}&scope={TENANT}"


async def test_a_ticket_needs_no_session_and_charges_nobody(
    client: AsyncTestClient[Litestar], service: Service
) -> None:
    _, path = await ticket(client)
    async with service.client() as stranger:
        answer = await stranger.get(path)

    assert (answer.status_code, answer.content) == (200, DATA)
    assert units(service) == units(service, ANONYMOUS_EMAIL) == 0


async def test_a_ticket_of_a_user_charges_that_user(client: AsyncTestClient[Litestar], service: Service) -> None:
    _, path = await ticket(client, email="bob@x.org")
    async with service.client() as stranger:
        await stranger.get(path)

    assert units(service, "bob@x.org") == 1


async def test_a_used_up_ticket_is_403_and_empty(client: AsyncTestClient[Litestar], service: Service) -> None:
    _, path = await ticket(client, maxUses=1)
    async with service.client() as stranger:
        answers = [await stranger.get(path) for _ in range(2)]
        head = await stranger.head(path)

    assert [answer.status_code for answer in answers] == [200, 403]
    assert (answers[1].content, head.status_code) == (b"", 403)


async def test_ranges_take_one_use_of_a_ticket(client: AsyncTestClient[Litestar], service: Service) -> None:
    _, path = await ticket(client, maxUses=1)
    async with service.client() as stranger:
        parts = [await stranger.get(path, headers={"Range": f"bytes={s}-{s + 999}"}) for s in range(0, 5000, 1000)]

    assert b"".join(part.content for part in parts) == DATA


async def test_an_expired_ticket_is_403_and_empty(client: AsyncTestClient[Litestar], service: Service) -> None:
    _, path = await ticket(client, lifetimeSeconds=60)
    service.clock.advance(timedelta(seconds=61))
    async with service.client() as stranger:
        answer = await stranger.get(path)

    assert (answer.status_code, answer.content) == (403, b"")


async def test_a_revoked_ticket_is_403_and_empty(client: AsyncTestClient[Litestar], service: Service) -> None:
    ticket_id, path = await ticket(client)
    assert (await client.delete(f"/tickets/{ticket_id}")).status_code == 204
    async with service.client() as stranger:
        answer = await stranger.get(path)

    assert (answer.status_code, answer.content) == (403, b"")


async def test_a_guessed_ticket_is_403_and_one_without_token_400(service: Service) -> None:
    async with service.client() as stranger:
        guessed = await stranger.get(f"{URL}/token?t=guess&scope={TENANT}")
        missing = await stranger.get(f"{URL}/token?scope={TENANT}")

    assert (guessed.status_code, guessed.content) == (403, b"")
    assert missing.status_code == 400


async def test_a_strange_media_type_or_name_breaks_no_header(
    client: AsyncTestClient[Litestar], service: Service
) -> None:
    add_file(service, DATA, "odd", media_type="text/\u2603\r\nX: y", file_name='../a"b\r\n\u00fc.tif')

    answer = await client.get("/files/odd/download")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=\"a_b__u.tif\"; filename*=UTF-8''")
    assert "x" not in answer.headers


@given(st.text(min_size=1))
def test_no_name_escapes_its_header_or_its_folder(name: str) -> None:
    plain = plain_file_name(name)

    assert plain.isascii()
    assert plain.isprintable()
    assert not set(plain) & set('"\\/;')
    assert plain not in {"", ".", ".."}


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_the_disposition_is_a_header_that_can_be_sent(name: str) -> None:
    value = content_disposition(factories.a_file(file_name=name), inline=False)

    assert value.encode("latin-1").isascii()
    assert "\n" not in value
    assert value.startswith('attachment; filename="')


async def test_a_page_of_any_portal_may_download_and_resume(client: AsyncTestClient[Litestar]) -> None:
    asked = await client.options(
        URL,
        headers={
            "Origin": "https://portal.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization, range, if-range",
        },
    )
    answer = await client.get(URL, headers={"Origin": "https://portal.example"})

    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert asked.headers["access-control-max-age"] == "3600"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "etag" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/files/a%00b/download", f"{URL}?isContentInline=%00"])
async def test_an_address_never_holds_a_nul(client: AsyncTestClient[Litestar], path: str) -> None:
    assert (await client.get(path)).status_code == 400


async def test_uncounted_files_cost_nothing(client: AsyncTestClient[Litestar], service: Service) -> None:
    add_file(service, DATA, "look", data_type=DataType.QUICKLOOK_SD)
    await limit(service, max_quota=0, rate_limit=0)

    assert (await client.get("/files/look/download")).content == DATA
    assert units(service) == 0
