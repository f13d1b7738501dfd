"""The catalogue as a STAC API: what anonymous and other callers find, and how errors are said."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel, MetadataLevel
from domain.storage_location import StorageType
from tests.catalogue_factories import a_dataset_urn, a_product, a_right, a_urn, an_entry
from tests.e2e.front_door import LICENCE, give_right, put_licence
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.factories import NOW, a_file, a_location, a_storage

pytestmark = pytest.mark.anyio

OPEN, CLOSED = a_dataset_urn(1), a_dataset_urn(2)
OPEN_ID, CLOSED_ID = str(OPEN.virtual_id), str(CLOSED.virtual_id)
ANYBODY = {"scope": TENANT}
MD5 = "9e107d9d372bb6826bd81d3542a419d6"
ROOT = "http://testserver.local"


def day(number, **more):
    return (NOW + timedelta(days=number, **more)).isoformat().replace("+00:00", "Z")


def a_scene(number, *, dataset=OPEN, **more):
    """A square of two degrees, ten degrees further to the east each, and a day later."""
    west = (number * 10 + 180) % 360 - 180
    ring = [[west, 0], [west + 2, 0], [west + 2, 2], [west, 2], [west, 0]]
    files = [
        attrs.evolve(an_entry(MD5), algorithm="MD5"),
        an_entry("c2", DataType.QUICKLOOK_SD, file_name="look.png"),
        an_entry(None, DataType.OTHER, file_name="page", uri="https://elsewhere.example.org/p", is_reference=True),
    ]
    return a_product(
        a_urn(number),
        datasets=[dataset],
        files=files,
        geometry={"type": "Polygon", "coordinates": [ring]},
        properties={"datetime": day(number)},
        label=f"Scene {number}",
        **more,
    )


@pytest.fixture
def service():
    """Five scenes for everybody, one of them on a nearline storage, and one scene in a closed dataset."""
    service = Service()
    products = [a_product(OPEN, label="Open"), a_product(CLOSED), *(a_scene(number) for number in range(1, 6))]
    with service.database.transaction() as tables:
        for product in [*products, a_scene(6, dataset=CLOSED)]:
            tables.products[TENANT, product.urn] = product
        tables.files[TENANT, MD5], tables.files[TENANT, "c2"] = a_file(MD5), a_file("c2")
        tables.storages[TENANT, "tape"] = a_storage("tape", storage_type=StorageType.NEARLINE)
        tables.storages[TENANT, "disk-1"] = a_storage("disk-1")
        tables.locations[TENANT, MD5, "tape"] = a_location(MD5, "tape")
        tables.locations[TENANT, "c2", "disk-1"] = a_location("c2", "disk-1")
    give_right(service, "everybody", dataset=OPEN.virtual_id, members=(), is_public=True)
    give_right(service, "insiders", dataset=CLOSED.virtual_id)
    return service


async def get(service, path, headers=ANYBODY, status=200, **params):
    async with service.client() as client:
        answer = await client.get(path, headers=headers, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def in_address(value):
    if isinstance(value, dict):
        return json.dumps(value)
    return value if isinstance(value, str | int) else ",".join(map(str, value))


async def search(client, body, headers=ANYBODY):
    """By POST and by GET, which answer the same."""
    posted = await client.post("/stac/search", headers=headers, json=body)
    params = {name: in_address(value) for name, value in body.items()}
    got = await client.get("/stac/search", headers=headers, params=params)
    assert posted.status_code == got.status_code, (posted.text, got.text)
    if posted.status_code == 200:
        assert posted.json()["features"] == got.json()["features"]
    return posted


def titles_of(answer):
    assert answer.status_code == 200, answer.text
    return [int(item["properties"]["title"].split()[-1]) for item in answer.json()["features"]]


async def found(service, headers=ANYBODY, **body):
    async with service.client() as client:
        return titles_of(await search(client, body, headers))


def rel(document, name):
    return [link for link in document["links"] if link["rel"] == name]


async def test_the_landing_page_leads_everywhere(service):
    page = await get(service, "/stac", None, scope=TENANT)

    assert (page["type"], page["stac_version"]) == ("Catalog", "1.1.0")
    assert "https://api.stacspec.org/v1.0.0/item-search" in page["conformsTo"]
    assert [link["method"] for link in rel(page, "search")] == ["GET", "POST"]
    assert (await get(service, "/stac/conformance"))["conformsTo"] == page["conformsTo"]
    for link in page["links"]:
        if link.get("method") != "POST":
            async with service.client() as client:
                assert (await client.get(link["href"])).status_code == 200, link


async def test_callers_see_the_collections_that_they_may_see(service):
    anybody = (await get(service, "/stac/collections"))["collections"]
    member = (await get(service, "/stac/collections", service.bearer(Role.REGISTERED_USER, "user@x.org")))[
        "collections"
    ]

    assert [each["id"] for each in anybody] == [OPEN_ID]
    assert {each["id"] for each in member} == {OPEN_ID, CLOSED_ID}
    assert anybody[0]["extent"]["spatial"]["bbox"] == [[10, 0, 52, 2]]
    assert anybody[0]["extent"]["temporal"]["interval"] == [[day(1), day(5)]]
    await get(service, f"/stac/collections/{CLOSED_ID}", status=404)
    await get(service, f"/stac/collections/{CLOSED_ID}/items", status=404)
    await get(service, "/stac/collections/hello", status=404)
    assert (await get(service, f"/stac/collections/{OPEN}"))["id"] == OPEN_ID


async def test_another_tenant_sees_nothing(service):
    assert (await get(service, "/stac/collections", {"scope": OTHER_TENANT}))["collections"] == []
    assert await found(service, {"scope": OTHER_TENANT}) == []
    assert await found(service, service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT), ids=[str(a_urn(1))]) == []


async def test_a_collection_names_its_licence(service):
    put_licence(service)

    collection = await get(service, f"/stac/collections/{OPEN_ID}")

    assert [link["href"] for link in rel(collection, "license")] == [LICENCE.link]


async def test_an_item_says_where_its_files_are_and_what_they_are(service):
    item = await get(service, f"/stac/collections/{OPEN_ID}/items/{a_urn(1)}", ANYBODY)

    data, look, page = item["assets"].values()
    assert (item["id"], item["collection"]) == (str(a_urn(1)), OPEN_ID)
    assert data["href"] == f"{ROOT}/downloads/{a_urn(1)}/files/{MD5}?scope={TENANT}"
    assert (data["file:checksum"], data["file:size"], data["roles"]) == ("d50110" + MD5, 1000, ["data"])
    assert (data["order:status"], look["order:status"]) == ("orderable", "succeeded")
    assert page["href"] == "https://elsewhere.example.org/p"


async def test_a_tenant_named_in_a_header_is_in_addresses_of_files_only(service):
    item = (await get(service, "/stac/search", limit=1))["features"][0]
    named = (await get(service, "/stac/search", None, limit=1, scope=TENANT))["features"][0]

    assert rel(item, "self")[0]["href"] == f"{ROOT}/stac/collections/{OPEN_ID}/items/{a_urn(1)}"
    assert rel(named, "self")[0]["href"] == f"{ROOT}/stac/collections/{OPEN_ID}/items/{a_urn(1)}?scope={TENANT}"
    assert item["assets"] == named["assets"]
    assert item["assets"]["scene.tif"]["href"].endswith(f"?scope={TENANT}")


async def test_links_of_callers_with_a_token_hold_neither_scope_nor_token(service):
    headers = service.bearer(Role.REGISTERED_USER, "user@x.org")

    for path in ("/stac", "/stac/collections", f"/stac/collections/{OPEN_ID}/items", "/stac/search?limit=1"):
        async with service.client() as client:
            text = (await client.get(path, headers=headers)).text
        assert "scope=" not in text
        assert "token" not in text
        assert headers["authorization"].split()[1] not in text


async def test_without_a_right_to_data_an_item_lists_none(service):
    give_right(service, "everybody", FileLevel.NO_ACCESS, dataset=OPEN.virtual_id, members=(), is_public=True)

    item = await get(service, f"/stac/collections/{OPEN_ID}/items/{a_urn(1)}")

    assert list(item["assets"]) == ["look.png", "page"]


async def test_addresses_are_those_that_the_client_knows(service):
    headers = {
        **ANYBODY,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "archive.example.org",
        "x-forwarded-prefix": "/api/v1",
    }

    item = (await get(service, f"/stac/collections/{OPEN_ID}/items", headers))["features"][0]

    start = "https://archive.example.org/api/v1/"
    assert item["assets"]["scene.tif"]["href"].startswith(f"{start}downloads/")
    assert rel(item, "self")[0]["href"].startswith(f"{start}stac/collections/")


SEARCHES = [
    ({}, [1, 2, 3, 4, 5]),
    ({"ids": [str(a_urn(2)), str(a_urn(6)), "hello"]}, [2]),
    ({"ids": [str(a_urn(2).virtual_id)]}, [2]),
    ({"collections": [OPEN_ID]}, [1, 2, 3, 4, 5]),
    ({"collections": [str(OPEN)]}, [1, 2, 3, 4, 5]),
    ({"collections": [CLOSED_ID, "hello"]}, []),
    ({"bbox": [15, -5, 31, 5]}, [2, 3]),
    ({"bbox": [15, -5, 0, 31, 5, 1000]}, [2, 3]),
    ({"bbox": [45, -5, 11, 5]}, [1, 5]),
    ({"bbox": [15, 2, 31, 5]}, [2, 3]),
    ({"bbox": [15, 2.1, 31, 5]}, []),
    ({"intersects": {"type": "Point", "coordinates": [21, 1]}}, [2]),
    ({"intersects": {"type": "LineString", "coordinates": [[20, 3], [23, 2]]}}, []),
    ({"intersects": {"type": "LineString", "coordinates": [[20, 3], [23, 0]]}}, [2]),
    ({"datetime": day(2)}, [2]),
    ({"datetime": day(3) + "/.."}, [3, 4, 5]),
    ({"datetime": "/" + day(2, hours=1).lower()}, [1, 2]),
    ({"datetime": "1999-01-01T00:00:00+02:00/2000-01-01T00:00:00.123Z"}, []),
    ({"limit": 2}, [1, 2]),
    ({"limit": 100000}, [1, 2, 3, 4, 5]),
]


async def test_a_search_finds_what_it_says(service):
    async with service.client() as client:
        answers = [(body, titles_of(await search(client, body))) for body, _ in SEARCHES]

    assert answers == SEARCHES


REFUSED = [
    ({"bbox": [1, 2, 3]}, "4 numbers, or 6"),
    ({"bbox": [0, 10, 1, 5]}, "south before north"),
    ({"bbox": [0, 0, 500, 5]}, "-180 to 180"),
    ({"datetime": "yesterday"}, "'yesterday' is no instant"),
    ({"datetime": "2026-01-31"}, "no instant"),
    ({"datetime": "2026-01-31T12:00:00"}, "no instant"),
    ({"datetime": "../.."}, "not both"),
    ({"datetime": ".."}, "an instant"),
    ({"datetime": "2026-02-01T00:00:00Z/2026-01-01T00:00:00Z"}, "begins before it ends"),
    ({"intersects": {"type": "Circle"}}, "'Circle'"),
    ({"intersects": {"type": "MultiPolygon", "coordinates": [[], [[[0, 0], [1, 0], [1, 1], [0, 0]]]]}}, "position"),
    ({"intersects": {"type": "Point", "coordinates": [0, 0]}, "bbox": [0, 0, 1, 1]}, "not both"),
    ({"limit": 0}, ">= 1"),
    ({"after": "hello"}, "next page"),
    ({"sortby": "datetime"}, "sortby"),
]


async def test_what_cannot_be_read_is_said_in_words_that_help(service):
    async with service.client() as client:
        answers = [(await search(client, body), words) for body, words in REFUSED]

    for answer, words in answers:
        assert answer.status_code == 400, words
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert words in answer.json()["detail"]


@pytest.mark.parametrize(("name", "value"), [("bbox", "1,2,a,4"), ("intersects", "{"), ("intersects", "[]")])
async def test_what_cannot_be_read_in_an_address_is_said_too(service, name, value):
    refused = await get(service, "/stac/search", status=400, **{name: value})

    assert refused["detail"].startswith(f"{name}: ")


async def test_pages_follow_one_another_by_get(service):
    titles, address = [], f"/stac/search?limit=2&bbox=0,-10,180,10&scope={TENANT}"
    async with service.client() as client:
        while address:
            page = (await client.get(address)).json()
            titles += [item["properties"]["title"] for item in page["features"]]
            address = next((link["href"] for link in rel(page, "next")), None)
            assert address is None or parse_qs(urlsplit(address).query).keys() == {"limit", "bbox", "after", "scope"}

    assert titles == [f"Scene {number}" for number in range(1, 6)]


async def test_pages_follow_one_another_by_post(service):
    titles, body, headers = [], {"limit": 2, "collections": [OPEN_ID]}, ANYBODY
    async with service.client() as client:
        while body:
            page = (await client.post("/stac/search", json=body, headers=headers)).json()
            titles += [item["properties"]["title"] for item in page["features"]]
            onwards = rel(page, "next")
            assert all(link["merge"] and link["method"] == "POST" for link in onwards)
            body = {**body, **onwards[0]["body"]} if onwards else None

    assert titles == [f"Scene {number}" for number in range(1, 6)]


async def test_items_and_collections_are_paged_too(service):
    ids, address = [], f"/stac/collections/{OPEN_ID}/items?limit=2&scope={TENANT}"
    async with service.client() as client:
        while address:
            page = (await client.get(address)).json()
            ids += [item["id"] for item in page["features"]]
            address = next((link["href"] for link in rel(page, "next")), None)
        first = (await client.get("/stac/collections?limit=1", headers=service.bearer(Role.ADMIN))).json()
        second = (await client.get(rel(first, "next")[0]["href"], headers=service.bearer(Role.ADMIN))).json()

    assert ids == [str(a_urn(number)) for number in range(1, 6)]
    assert [page["collections"][0]["id"] for page in (first, second)] == [OPEN_ID, CLOSED_ID]
    assert rel(second, "next") == []


async def test_only_the_newest_version_is_found_and_an_older_one_is_shown_when_named(service):
    newer = attrs.evolve(a_scene(1), urn=a_urn(1, version=2), label="Scene 11")
    with service.database.transaction() as tables:
        tables.products[TENANT, newer.urn] = newer
        tables.products[TENANT, a_urn(1)] = a_scene(1, is_last=False)

    assert await found(service) == [2, 3, 4, 5, 11]
    older = await get(service, f"/stac/collections/{OPEN_ID}/items/{a_urn(1)}")
    newest = await get(service, f"/stac/collections/{OPEN_ID}/items/{a_urn(1).virtual_id}")
    assert (older["id"], newest["id"]) == (str(a_urn(1)), str(newer.urn))


async def test_an_item_is_only_in_its_own_collections(service):
    administrator = service.bearer(Role.PROJECT_ADMIN)

    await get(service, f"/stac/collections/{CLOSED_ID}/items/{a_urn(1)}", administrator, status=404)
    await get(service, f"/stac/collections/{CLOSED_ID}/items/{a_urn(6)}", administrator)
    await get(service, f"/stac/collections/{CLOSED_ID}/items/{a_urn(6)}", status=404)
    await get(service, f"/stac/collections/{OPEN_ID}/items/hello", status=404)


async def test_items_of_a_collection_are_narrowed_down_as_clients_do_it(service):
    items = f"/stac/collections/{OPEN_ID}/items"

    named = await get(service, items, collections=OPEN_ID, ids=f"{a_urn(2)},{a_urn(3)}")
    elsewhere = await get(service, items, collections=CLOSED_ID)
    refused = await get(service, items, status=400, sortby="datetime")

    assert [item["id"] for item in named["features"]] == [str(a_urn(2)), str(a_urn(3))]
    assert elsewhere["features"] == []
    assert "'sortby'" in refused["detail"]


async def test_pages_of_other_origins_may_search(service):
    async with service.client() as client:
        asked = await client.options(
            "/stac/search", headers={"origin": "https://portal.example.org", "access-control-request-method": "POST"}
        )
        answer = await client.get("/stac", headers={**ANYBODY, "origin": "https://portal.example.org"})

    assert asked.status_code in {200, 204}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "no-cache" in answer.headers["cache-control"]


async def test_a_search_is_a_reading_also_in_maintenance(service):
    administrator = service.bearer(Role.INSTANCE_ADMIN)
    async with service.client() as client:
        await client.put(f"/maintenance/{TENANT}/enable", headers=administrator)
        service.clock.advance(timedelta(seconds=10))
        answer = await client.post("/stac/search", json={}, headers=ANYBODY)

    assert answer.status_code == 200


async def test_an_extent_is_read_again_after_a_minute(service):
    async def box(client):
        collection = (await client.get(f"/stac/collections/{OPEN_ID}", headers=ANYBODY)).json()
        return collection["extent"]["spatial"]["bbox"][0]

    async with service.client() as client:
        before = await box(client)
        with service.database.transaction() as tables:
            tables.products[TENANT, a_urn(7)] = a_scene(7)
        kept = await box(client)
        service.clock.advance(timedelta(minutes=1))
        after = await box(client)

    assert (before, kept, after) == ([10, 0, 52, 2], [10, 0, 52, 2], [10, 0, 72, 2])


async def test_who_may_not_see_items_is_not_told_where_they_are(service):
    right = a_right("everybody", OPEN, MetadataLevel.RESTRICTED_ACCESS)
    with service.database.transaction() as tables:
        tables.rights[TENANT, OPEN.virtual_id, "everybody"] = right

    collection = await get(service, f"/stac/collections/{OPEN_ID}")

    assert collection["extent"]["spatial"]["bbox"] == [[-180, -90, 180, 90]]
    assert (await get(service, f"/stac/collections/{OPEN_ID}/items"))["features"] == []
    assert await found(service) == []
