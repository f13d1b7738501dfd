"""The front door: files of products over HTTP, and why somebody does not get them."""

from urllib.parse import quote

import pytest

from domain.access import ANONYMOUS_EMAIL, Role
from domain.account import AccountKey
from domain.file import DataType
from domain.limits import Limits
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_licence, a_urn, an_entry
from tests.e2e.front_door import DATA, DATASET, LICENCE, give_right, put_file, put_licence, put_product, units
from tests.e2e.service import OTHER_TENANT, TENANT, Service

pytestmark = pytest.mark.anyio

USER = "user@x.org"
PROBLEM = {"accept": "application/problem+json"}


@pytest.fixture
def service():
    made = Service()
    put_file(made, "c1")
    put_file(made, "small", b"png", data_type=DataType.THUMBNAIL)
    put_product(made, an_entry(), an_entry("small", DataType.THUMBNAIL, file_name="small.png"))
    give_right(made)
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


URN = str(a_urn())
URL = f"/downloads/{URN}/files/c1"


async def both(client, url, **more):
    """The answers to GET and HEAD, which never disagree about a refusal."""
    get, head = await client.get(url, **more), await client.head(url, **more)
    assert get.status_code == head.status_code
    assert head.content == b""
    return get


async def test_a_file_arrives_under_the_name_that_the_catalogue_gives_it(service, user):
    async with service.client() as client:
        answer = await both(client, URL, headers=user)
        inline = await client.get(URL, headers=user, params={"isContentInline": "true"})
        encoded = await both(client, f"/downloads/{quote(URN, safe='')}/files/c1", headers=user)
        named = await both(client, f"{URL}/scene.tif", headers=user)
        newest = await both(client, URL.replace(":V1", ":LAST"), headers=user)

    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-disposition"] == 'attachment; filename="scene.tif"; size=5000'
    assert answer.headers["cache-control"] == "private"
    assert inline.headers["content-disposition"].startswith("inline; ")
    assert inline.headers["x-frame-options"] == "SAMEORIGIN"
    assert [a.content for a in (encoded, named, newest)] == [DATA] * 3


async def test_each_caller_pays_from_an_account_of_their_own(service, user):
    give_right(service, "others", members=["other@x.org"])

    async with service.client() as client:
        await client.get(URL, headers=user)
        await client.get(URL, headers=user)
        await client.get(URL, headers=service.bearer(Role.REGISTERED_USER, "other@x.org"))
        await client.get(f"/downloads/{URN}/files/small", headers=user)

    assert (units(service, USER), units(service, "other@x.org")) == (2, 1)


async def test_a_quota_that_is_used_up_says_so_as_the_bare_download_does(service, user):
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=0, rate_limit=-1))

    async with service.client() as client:
        refused = await client.get(URL, headers=user)
        small = await client.get(f"/downloads/{URN}/files/small", headers=user)

    assert refused.status_code == 429
    assert refused.text == f"Download quota of 0 exceeded (by 0) for user {USER}."
    assert small.content == b"png"


@pytest.mark.parametrize("urn", ["nonsense", "URN:AIP:DATA:demo:1:V1", "URN:AIP:DATA:demo"])
async def test_a_urn_that_is_none_is_the_clients_mistake(service, user, urn):
    async with service.client() as client:
        answer = await both(client, f"/downloads/{urn}/files/c1", headers=user)

    assert answer.status_code == 400
    assert "URN" in answer.json()["messages"][0]


async def test_a_product_that_is_not_seen_is_answered_like_one_that_does_not_exist(service):
    stranger = service.bearer(Role.REGISTERED_USER, "stranger@x.org")

    async with service.client() as client:
        hidden = await both(client, URL, headers=stranger)
        unknown = await both(client, f"/downloads/{a_urn(99)}/files/c1", headers=stranger)
        foreign = await both(client, f"/downloads/{a_urn(1, tenant=OTHER_TENANT)}/files/c1", headers=stranger)

    assert hidden.status_code == 404
    assert hidden.content == unknown.content == foreign.content
    assert hidden.headers["cache-control"] == "no-store"


async def test_another_tenants_administrator_sees_nothing(service):
    async with service.client() as client:
        answer = await both(client, URL, headers=service.bearer(Role.INSTANCE_ADMIN, tenant=OTHER_TENANT))

    assert answer.status_code == 404


async def test_a_file_that_the_product_does_not_list_is_not_given_to_anybody(service):
    put_file(service, "secret")

    async with service.client() as client:
        answer = await both(client, f"/downloads/{URN}/files/secret", headers=service.bearer(Role.PROJECT_ADMIN))

    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-in-product"


async def test_who_only_sees_a_product_gets_its_public_files_and_not_its_data(service):
    give_right(service, "viewers", FileLevel.NO_ACCESS, members=["viewer@x.org"])
    viewer = service.bearer(Role.REGISTERED_USER, "viewer@x.org")

    async with service.client() as client:
        data = await both(client, URL, headers=viewer)
        told = await both(client, URL, headers={**viewer, **PROBLEM})
        small = await both(client, f"/downloads/{URN}/files/small", headers=viewer)

    assert (data.status_code, data.content, data.headers["cache-control"]) == (403, b"", "no-store")
    assert (told.status_code, told.json()["type"]) == (403, "/problems/no-data-right")
    assert small.content == b"png"


async def test_a_right_that_is_taken_away_counts_at_the_next_request(service, user):
    async with service.client() as client:
        before = await both(client, URL, headers=user)
        with service.database.transaction() as tables:
            tables.rights.clear()
        after = await both(client, URL, headers=user)

    assert (before.status_code, after.status_code) == (200, 404)


async def test_the_anonymous_user_has_what_public_groups_have(service):
    anonymous = {"scope": TENANT}

    async with service.client() as client:
        hidden = await both(client, URL, params=anonymous)
        give_right(service, "everybody", members=[], is_public=True)
        await service.ledger.set_limits(AccountKey(TENANT, ANONYMOUS_EMAIL), Limits(max_quota=1, rate_limit=-1))
        seen = await both(client, URL, params=anonymous)
        used_up = await client.get(URL, params=anonymous)

    assert (hidden.status_code, seen.status_code, used_up.status_code) == (404, 200, 429)


async def test_a_licence_locks_until_it_is_accepted(service, user):
    put_licence(service)

    async with service.client() as client:
        locked = await both(client, URL, headers=user)
        small = await both(client, f"/downloads/{URN}/files/small", headers=user)
        accepted = await client.get(locked.json()["accept"], headers=user)
        afterwards = await both(client, URL, headers=user)

    assert locked.status_code == 423
    assert locked.headers["content-type"] == "application/json"
    assert locked.headers["cache-control"] == "no-store"
    assert locked.json() == {"license": LICENCE.link, "accept": f"http://testserver.local{URL}?acceptLicense=true"}
    assert small.status_code == 200
    assert (accepted.status_code, accepted.content, accepted.headers["cache-control"]) == (200, DATA, "no-store")
    assert afterwards.headers["cache-control"] == "private"


async def test_the_address_that_accepts_is_the_one_that_the_client_sees(service, user):
    put_licence(service)
    forwarded = {
        "x-forwarded-proto": "https, http",
        "x-forwarded-host": "host.example",
        "x-forwarded-port": "443",
        "x-forwarded-prefix": "/api/v1/rs-catalog",
    }

    async with service.client() as client:
        locked = await client.get(f"{URL}/scene.tif?isContentInline=true", headers={**user, **forwarded})

    assert locked.json()["accept"] == (
        f"https://host.example/api/v1/rs-catalog/downloads/{URN}/files/c1/scene.tif"
        "?isContentInline=true&acceptLicense=true"
    )


async def test_what_a_proxy_says_unreadably_is_not_heeded(service, user):
    put_licence(service)
    forwarded = {"x-forwarded-proto": "javascript", "x-forwarded-host": 'x"y/z', "x-forwarded-prefix": "//evil"}

    async with service.client() as client:
        locked = await client.get(URL, headers={**user, **forwarded})

    assert locked.json()["accept"] == f"http://testserver.local{URL}?acceptLicense=true"


async def test_a_locked_file_can_be_explained_as_a_problem(service, user):
    put_licence(service, a_licence(DATASET))

    async with service.client() as client:
        locked = await client.get(URL, headers={**user, **PROBLEM})

    body = locked.json()
    assert (body["type"], body["status"]) == ("/problems/licence-not-accepted", 423)
    assert (body["dataset"], body["license"]) == (str(DATASET), a_licence(DATASET).link)


async def test_head_accepts_nothing_and_tells_what_get_would_answer(service, user):
    put_licence(service)

    async with service.client() as client:
        head = await client.head(URL, headers=user, params={"acceptLicense": "true"})
        still = await both(client, URL, headers=user)

    assert (head.status_code, head.headers["cache-control"]) == (200, "no-store")
    assert still.status_code == 423


async def test_each_licence_is_accepted_after_it_was_named(service, user):
    other = a_dataset_urn(2).virtual_id
    put_product(service, an_entry(), datasets=[DATASET, other])
    put_licence(service, a_licence(DATASET, text="1"))
    put_licence(service, a_licence(other, text="2"))

    async with service.client() as client:
        first = await client.get(URL, headers=user)
        second = await client.get(first.json()["accept"], headers=user)
        third = await client.get(second.json()["accept"], headers=user)

    assert [first.json()["license"][-6:], second.json()["license"][-6:]] == ["1.html", "2.html"]
    assert (second.status_code, third.status_code) == (423, 200)


async def test_the_anonymous_user_is_told_to_log_in_before_a_licence_can_be_accepted(service):
    give_right(service, "everybody", members=[], is_public=True)
    put_licence(service)

    async with service.client() as client:
        locked = await both(client, URL, params={"scope": TENANT})
        accepting = await both(client, URL, params={"scope": TENANT, "acceptLicense": "true"})

    assert (locked.status_code, accepting.status_code) == (423, 403)
    assert "log in" in accepting.json()["detail"]


async def test_the_licence_comes_before_the_data_right(service):
    give_right(service, "viewers", FileLevel.NO_ACCESS, members=["viewer@x.org"])
    put_licence(service)

    async with service.client() as client:
        answer = await both(client, URL, headers=service.bearer(Role.REGISTERED_USER, "viewer@x.org"))

    assert answer.status_code == 423


@pytest.mark.parametrize(("role", "status"), [(Role.PROJECT_ADMIN, 423), (Role.INSTANCE_ADMIN, 200)])
async def test_administrators_accept_licences_too_and_only_the_installations_need_not(service, role, status):
    put_licence(service)

    async with service.client() as client:
        answer = await both(client, URL, headers=service.bearer(role))

    assert answer.status_code == status


async def test_a_reference_that_is_not_here_says_where_it_lies(service, user):
    uri = "https://elsewhere.example.org/a b/scene.tif?x=é"
    put_product(service, an_entry("ref", uri=uri, is_reference=True), an_entry("c1", uri=uri, is_reference=True))

    async with service.client() as client:
        elsewhere = await both(client, f"/downloads/{URN}/files/ref", headers=user)
        ours = await both(client, URL, headers=user)

    assert elsewhere.status_code == 404
    assert elsewhere.json()["type"] == "/problems/lies-elsewhere"
    assert elsewhere.json()["uri"] == uri
    assert elsewhere.headers["link"] == ('<https://elsewhere.example.org/a%20b/scene.tif?x=%C3%A9>; rel="alternate"')
    assert ours.content == DATA


async def test_a_reference_is_not_told_to_whoever_has_no_right_to_it(service):
    put_product(service, an_entry("ref", uri="https://elsewhere.example.org/x", is_reference=True))
    give_right(service, "viewers", FileLevel.NO_ACCESS, members=["viewer@x.org"])

    async with service.client() as client:
        answer = await both(
            client,
            f"/downloads/{URN}/files/ref",
            headers={**service.bearer(Role.REGISTERED_USER, "viewer@x.org"), **PROBLEM},
        )

    assert answer.status_code == 403
    assert "elsewhere" not in answer.text


async def test_ranges_and_validators_work_as_for_the_bare_download(service, user):
    async with service.client() as client:
        part = await client.get(URL, headers={**user, "range": "bytes=1000-1999"})
        current = await both(client, URL, headers={**user, "if-none-match": part.headers["etag"]})

    assert (part.status_code, part.content) == (206, DATA[1000:2000])
    assert current.status_code == 304
    assert units(service, USER) == 1
