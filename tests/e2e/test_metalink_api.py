"""Products and carts as Metalink documents, whose links work."""

from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from tests.catalogue_factories import a_urn, an_entry
from tests.e2e.front_door import DATA, give_right, put_file, put_licence, put_product, units
from tests.e2e.service import TENANT, Service

pytestmark = pytest.mark.anyio

SPACE = "{urn:ietf:params:xml:ns:metalink}"
USER, VIEWER = "user@x.org", "viewer@x.org"
URN = str(a_urn())
ELSEWHERE = "https://elsewhere.example.org/x"


@pytest.fixture
def service():
    made = Service()
    put_file(made, "c1")
    put_file(made, "small", b"png", data_type=DataType.THUMBNAIL)
    put_product(
        made,
        an_entry(file_name="é & scene.tif"),
        an_entry("small", DataType.THUMBNAIL, file_name="small.png"),
        an_entry(None, uri=ELSEWHERE, is_reference=True, file_name="far.tif"),
    )
    give_right(made)
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


def urls(answer):
    assert answer.status_code == 200, answer.text
    entries = fromstring(answer.content).findall(f"{SPACE}file")
    return {entry.get("name"): entry.findtext(f"{SPACE}url") for entry in entries}


def cart(*checksums, **more):
    return {"files": [{"urn": URN, "checksum": checksum} for checksum in checksums], **more}


async def test_a_product_lists_what_the_caller_may_have_at_addresses_without_a_token(service, user):
    async with service.client() as client:
        answer = await client.get(f"/downloads/{URN}/metalink", headers=user)
        found = urls(answer)
        data = await client.get(found["é & scene.tif"], headers=user)
        nameless = await client.get(found["é & scene.tif"])

    assert answer.headers["content-type"].startswith("application/metalink4+xml")
    assert found == {
        "é & scene.tif": f"http://testserver.local/downloads/{URN}/files/c1/%C3%A9%20&%20scene.tif",
        "small.png": f"http://testserver.local/downloads/{URN}/files/small/small.png",
        "far.tif": ELSEWHERE,
    }
    assert (data.content, nameless.status_code) == (DATA, 401)


async def test_who_only_looks_is_told_of_public_files_alone(service):
    async with service.client() as client:
        seen = await client.get(f"/downloads/{URN}/metalink", headers=service.bearer(Role.REGISTERED_USER, VIEWER))
        hidden = await client.get(
            f"/downloads/{URN}/metalink", headers=service.bearer(Role.REGISTERED_USER, "stranger@x.org")
        )

    assert urls(seen).keys() == {"small.png"}
    assert hidden.status_code == 404


async def test_links_for_the_anonymous_user_name_the_tenant(service):
    give_right(service, "everybody", members=[], is_public=True)

    async with service.client() as client:
        found = urls(await client.get(f"/downloads/{URN}/metalink", params={"scope": TENANT}))
        small = await client.get(found["small.png"])

    assert small.content == b"png"


async def test_a_licence_comes_first(service, user):
    put_licence(service)

    async with service.client() as client:
        product = await client.get(f"/downloads/{URN}/metalink", headers=user)
        some = await client.post("/downloads/metalink", headers=user, json=cart("c1"))

    assert (product.status_code, some.status_code) == (423, 423)


async def test_a_cart_has_links_that_work_without_a_token_when_asked(service, user):
    async with service.client() as client:
        plain = urls(await client.post("/downloads/metalink", headers=user, json=cart("c1", "small", "c1")))
        ticketed = urls(await client.post("/downloads/metalink", headers=user, json=cart("c1", "small", tickets=True)))
        data = await client.get(ticketed["é & scene.tif"])
        small = await client.get(ticketed["small.png"])

    assert plain.keys() == {"é & scene.tif", "small.png"}
    assert urlsplit(ticketed["small.png"]).path.endswith("/small.png")
    assert (data.content, small.content, units(service, USER)) == (DATA, b"png", 1)


async def test_one_file_that_may_not_be_had_refuses_the_cart(service, user):
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)

    async with service.client() as client:
        unknown = await client.post("/downloads/metalink", headers=user, json=cart("c1", "nothing"))
        forbidden = await client.post("/downloads/metalink", headers=viewer, json=cart("small", "c1", tickets=True))
        empty = await client.post("/downloads/metalink", headers=user, json=cart())
        large = await client.post("/downloads/metalink", headers=user, json=cart(*["c1"] * 1001))
        bad = await client.post("/downloads/metalink", headers=user, json={"files": [{"urn": "x", "checksum": "c1"}]})

    assert [a.status_code for a in (unknown, forbidden, empty, large, bad)] == [422, 422, 422, 400, 400]
    assert "nothing" in unknown.json()["detail"]
    assert service.database.tables.tickets == {}


async def test_the_anonymous_user_makes_no_tickets(service):
    give_right(service, "everybody", members=[], is_public=True)

    async with service.client() as client:
        answer = await client.post("/downloads/metalink", params={"scope": TENANT}, json=cart("small", tickets=True))

    assert answer.status_code == 403
