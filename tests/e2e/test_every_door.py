"""Every way to the bytes of a product, tried by everybody who may not have them: not a byte, and not even a size."""

import re
from datetime import timedelta

import attrs
import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_product, a_urn, an_entry
from tests.e2e.front_door import DATASET, give_right, put_file, put_product, units
from tests.e2e.service import OTHER_TENANT, TENANT, Service

pytestmark = pytest.mark.anyio

OWNER, VIEWER, STRANGER = "owner@x.org", "viewer@x.org", "stranger@x.org"
URN, OLD, OPEN, OTHERS = str(a_urn(1, version=2)), str(a_urn(1)), str(a_urn(2)), str(a_urn(3))
LAST = str(a_urn(1).virtual_id)
OPEN_DATASET = a_dataset_urn(2).virtual_id
SECRET = bytes(range(256)) * 16 + b"for those with a right"
OLDER = b"older bytes, as secret as the newer ones " * 50
PICTURE = b"a picture"


@pytest.fixture
def service():
    """A product in two versions whose data only the owner has, and another that everybody sees."""
    made = Service()
    put_file(made, "secret", SECRET)
    put_file(made, "older", OLDER)
    put_file(made, "picture", PICTURE, data_type=DataType.THUMBNAIL)
    put_product(made, an_entry("older"), an_entry("picture", DataType.THUMBNAIL))
    with made.database.transaction() as tables:
        first = tables.products[TENANT, a_urn(1)]
        tables.products[TENANT, a_urn(1)] = attrs.evolve(first, is_last=False)
        newest = a_product(a_urn(1, version=2), files=[an_entry("secret")], datasets=[DATASET])
        tables.products[TENANT, newest.urn] = newest
    put_product(made, an_entry("picture", DataType.THUMBNAIL), number=2, datasets=[OPEN_DATASET])
    give_right(made, "owners", members=[OWNER])
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    give_right(made, "everybody", FileLevel.NO_ACCESS, is_public=True, dataset=OPEN_DATASET)
    return made


CALLERS = ["viewer", "stranger", "anonymous", "other tenant", "administrator of the other tenant"]


def headers_of(service: Service, caller: str) -> dict[str, str]:
    return {
        "owner": lambda: service.bearer(Role.REGISTERED_USER, OWNER),
        "viewer": lambda: service.bearer(Role.REGISTERED_USER, VIEWER),
        "stranger": lambda: service.bearer(Role.REGISTERED_USER, STRANGER),
        "anonymous": lambda: {"scope": TENANT},
        "other tenant": lambda: service.bearer(Role.REGISTERED_USER, OWNER, OTHER_TENANT),
        "administrator of the other tenant": lambda: service.bearer(Role.PROJECT_ADMIN, OWNER, OTHER_TENANT),
    }[caller]()


PATHS = [
    f"/downloads/{urn}/files/{checksum}{name}"
    for urn in (URN, OLD, LAST, OPEN, OTHERS, str(DATASET), URN.lower(), URN.replace(TENANT, OTHER_TENANT))
    for checksum in ("secret", "older", "SECRET", "secret%00", "%73ecret", "picture%2F..%2Fsecret", "*")
    for name in ("", "/scene.tif")
]
RANGES: list[dict[str, str]] = [{}, {"range": "bytes=0-99"}, {"range": "bytes=-5"}, {"range": "bytes=0-0,5-9"}]


def holds_a_secret(content: bytes) -> bool:
    """Whether a few of its bytes are among these."""
    return any(data[start : start + 8] in content for data in (SECRET, OLDER) for start in (0, 1000, len(data) - 8))


@pytest.mark.parametrize("caller", CALLERS)
async def test_no_urn_checksum_name_or_range_gives_a_byte_or_a_size(service, caller):
    who = headers_of(service, caller)
    async with service.client() as client:
        for path in PATHS:
            for more in RANGES:
                get, head = [await client.request(m, path, headers={**who, **more}) for m in ("GET", "HEAD")]
                assert get.status_code in {400, 403, 404}, path
                assert head.status_code == get.status_code, path
                assert not holds_a_secret(get.content), path
                assert not {"etag", "content-range", "last-modified", "digest", "repr-digest"} & get.headers.keys()
                assert not {"etag", "content-range", "last-modified", "digest", "repr-digest"} & head.headers.keys()
                assert {get.headers.get("content-length"), head.headers.get("content-length")}.isdisjoint(
                    {str(len(SECRET)), str(len(OLDER))}
                )

    assert units(service, VIEWER) == units(service, STRANGER) == 0


async def test_the_owner_has_them_by_the_same_paths(service):
    who = headers_of(service, "owner")
    async with service.client() as client:
        got = {
            path: (await client.get(path, headers=who)).content
            for path in (f"/downloads/{LAST}/files/secret", f"/downloads/{OLD}/files/older")
        }
        part = await client.get(f"/downloads/{URN}/files/secret", headers={**who, "range": "bytes=-5"})

    assert list(got.values()) == [SECRET, OLDER]
    assert part.content == SECRET[-5:]


@pytest.mark.parametrize("caller", CALLERS)
async def test_nothing_that_lists_makes_plans_or_gives_links_gives_one_that_opens(service, caller):
    who = headers_of(service, caller)
    cart = {"files": [{"urn": urn, "checksum": sum_} for urn in (URN, OLD, LAST) for sum_ in ("secret", "older")]}
    async with service.client() as client:
        plan = await client.post("/downloads/plan", headers=who, json=cart)
        reserved = await client.post("/downloads/plan", headers=who, json={**cart, "reserve": True})
        metalink = await client.post("/downloads/metalink", headers=who, json={**cart, "tickets": True})
        tickets = [
            await client.post(f"/downloads/{urn}/files/{checksum}/tickets", headers=who, json={})
            for urn in (URN, OLD, LAST, OPEN)
            for checksum in ("secret", "older")
        ]
        listed = [
            await client.get(path, headers=who)
            for path in (
                *(f"/downloads/{urn}/metalink" for urn in (URN, OLD, LAST, OPEN)),
                *(f"/engines/legacy/dataobjects/{urn}" for urn in (URN, OLD, LAST)),
                "/engines/legacy/dataobjects/search",
                "/engines/legacy/dataobjects/search?q=rawdata:scene",
                "/stac/search",
            )
        ]
        links = [
            address.removeprefix("http://testserver.local")
            for answer in (*listed, metalink)
            for address in re.findall(r"http://testserver\.local/[^\s\"'<]+/files/[^\s\"'<]+", answer.text)
        ]
        opened = [await client.get(link, headers=way) for link in links for way in (who, {})]

    if plan.status_code == 200:
        assert not any(file["allowed"] or "sizeBytes" in file for file in plan.json()["files"])
    assert reserved.status_code in {200, 403}
    assert "reservedUntil" not in str(reserved.json().get("files", ""))
    assert metalink.status_code in {400, 401, 403, 404, 422}
    assert {answer.status_code for answer in tickets} <= {403, 404}
    for answer in listed:
        assert "files/secret" not in answer.text
        assert "files/older" not in answer.text
    for answer in opened:
        assert answer.content == PICTURE or answer.status_code in {401, 403, 404, 429}
    assert units(service, VIEWER) == units(service, STRANGER) == 0
    assert "scene.tif" not in listed[-2].text


async def test_a_link_that_the_owner_made_closes_with_the_right_it_was_made_by(service):
    who = headers_of(service, "owner")
    path = f"/downloads/{URN}/files/secret"
    async with service.client() as client:
        made = [(await client.post(f"{path}/tickets", headers=who, json={})).json()["url"] for _ in range(5)]
        began = await client.get(made[0], headers={"range": "bytes=0-9"})
        before = await client.get(made[0])
        with service.database.transaction() as tables:
            tables.user_groups[TENANT, OWNER] = frozenset({"viewers"})
        removed = [await client.get(made[0], headers=more) for more in ({}, {"range": "bytes=10-"})]
        with service.database.transaction() as tables:
            tables.user_groups[TENANT, OWNER] = frozenset({"owners"})
            right = tables.rights.pop((TENANT, DATASET, "owners"))
        without = await client.get(made[1])
        with service.database.transaction() as tables:
            tables.rights[TENANT, DATASET, "owners"] = right
            product = tables.products.pop((TENANT, a_urn(1, version=2)))
        gone = await client.get(made[2])
        with service.database.transaction() as tables:
            tables.products[product.tenant, product.urn] = product
        again = await client.get(made[3])
        service.clock.advance(timedelta(days=2))
        expired = await client.get(made[4])

    assert (began.status_code, before.content, again.content) == (206, SECRET, SECRET)
    for answer in (*removed, without, gone, expired):
        assert (answer.status_code, answer.content) == (403, b"")


async def test_bytes_that_two_products_list_are_had_through_the_one_with_a_right_only(service):
    put_product(service, an_entry("secret"), number=4, datasets=[OPEN_DATASET])
    give_right(service, "buyers", members=[VIEWER], dataset=OPEN_DATASET)
    who = headers_of(service, "viewer")

    async with service.client() as client:
        here = await client.get(f"/downloads/{a_urn(4)}/files/secret", headers=who)
        there = await client.get(f"/downloads/{URN}/files/secret", headers=who)

    assert (here.content, there.status_code, there.content) == (SECRET, 403, b"")


async def test_bytes_that_one_product_lists_as_data_and_as_a_picture_are_data(service):
    put_product(service, an_entry("secret", DataType.QUICKLOOK_SD), an_entry("secret"), number=5)

    async with service.client() as client:
        get, head = [
            await client.request(m, f"/downloads/{a_urn(5)}/files/secret", headers=headers_of(service, "viewer"))
            for m in ("GET", "HEAD")
        ]

    assert (get.status_code, head.status_code, get.content) == (403, 403, b"")


async def test_a_product_tagged_with_a_dataset_of_another_tenant_gains_nothing_by_its_rights(service):
    theirs = a_dataset_urn(9, tenant=OTHER_TENANT).virtual_id
    put_product(service, an_entry("secret"), number=6, datasets=[theirs])
    with service.database.transaction() as tables:
        for (tenant, dataset, group), right in list(tables.rights.items()):
            if (tenant, dataset, group) == (TENANT, DATASET, "owners"):
                own = attrs.evolve(right, tenant=OTHER_TENANT, dataset=theirs)
                tables.rights[OTHER_TENANT, theirs, group] = own

    async with service.client() as client:
        for caller in ("owner", *CALLERS):
            answer = await client.get(f"/downloads/{a_urn(6)}/files/secret", headers=headers_of(service, caller))
            assert (answer.status_code, holds_a_secret(answer.content)) == (404, False)
