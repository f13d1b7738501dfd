"""Links to files of products: within the rights and the quota of whoever made them, at every use."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from domain.access import Role
from domain.rights import FileLevel
from tests.catalogue_factories import a_urn, an_entry
from tests.e2e.front_door import DATA, LICENCE, give_right, put_file, put_licence, put_product, units
from tests.e2e.service import TENANT, Service

pytestmark = pytest.mark.anyio

USER, VIEWER = "user@x.org", "viewer@x.org"
URL = f"/downloads/{a_urn()}/files/c1"
TICKETS = f"{URL}/tickets"


@pytest.fixture
def service():
    made = Service()
    put_file(made, "c1")
    put_product(made, an_entry(file_name="é scene.tif"))
    give_right(made)
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


async def test_a_link_opens_the_file_for_anybody_from_its_makers_quota(service, user):
    async with service.client() as client:
        made = await client.post(TICKETS, headers=user, json={})
        plain = await client.get(made.json()["url"])
        named = await client.get(made.json()["namedUrl"])
        head = await client.head(made.json()["namedUrl"])

    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert urlsplit(made.json()["namedUrl"]).path.endswith("/download/token/e%20scene.tif")
    assert [answer.content for answer in (plain, named)] == [DATA, DATA]
    assert "filename*=UTF-8''%C3%A9%20scene.tif" in plain.headers["content-disposition"]
    assert head.status_code == 200
    assert units(service, USER) == 2


async def test_a_link_opens_nothing_when_its_maker_has_lost_the_right(service, user):
    async with service.client() as client:
        url = (await client.post(TICKETS, headers=user, json={})).json()["url"]
        with service.database.transaction() as tables:
            del tables.user_groups[TENANT, USER]
        refused = await client.get(url)
        described = await client.head(url)
        give_right(service)
        again = await client.get(url)

    assert (refused.status_code, refused.content, described.status_code) == (403, b"", 403)
    assert again.status_code == 200


async def test_a_link_opens_nothing_when_a_licence_has_come_into_force(service, user):
    async with service.client() as client:
        url = (await client.post(TICKETS, headers=user, json={})).json()["url"]
        put_licence(service)
        refused = await client.get(f"{url}&acceptLicense=true")
        await client.put("/license", headers=user)
        opened = await client.get(url)

    assert (refused.status_code, opened.status_code) == (403, 200)


async def test_a_link_of_a_user_who_was_switched_off_opens_nothing(service, user):
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        await client.put(
            f"/users/{USER}", headers=admin, json={"role": "REGISTERED_USER", "password": "long enough for all"}
        )
        url = (await client.post(TICKETS, headers=user, json={})).json()["url"]
        opened = await client.get(url)
        off = await client.put(f"/users/{USER}", headers=admin, json={"role": "REGISTERED_USER", "active": False})
        refused = await client.get(url)

    assert (opened.status_code, off.status_code, refused.status_code) == (200, 200, 403)


async def test_a_link_counts_its_uses_and_ends(service, user):
    async with service.client() as client:
        once = (await client.post(TICKETS, headers=user, json={"maxUses": 1})).json()["url"]
        short = (await client.post(TICKETS, headers=user, json={"lifetimeSeconds": 60})).json()["url"]
        first, second = [await client.get(once) for _ in range(2)]
        service.clock.advance(timedelta(seconds=61))
        late = await client.get(short)

    assert (first.status_code, second.status_code, late.status_code) == (200, 403, 403)


async def test_a_link_lives_no_longer_than_the_tenant_allows(service, user):
    async with service.client() as client:
        answer = await client.post(TICKETS, headers=user, json={"lifetimeSeconds": 3601})

    assert (answer.status_code, "3600" in answer.json()["detail"]) == (422, True)


async def test_nobody_makes_a_link_to_what_they_may_not_have(service, user):
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)
    stranger = service.bearer(Role.REGISTERED_USER, "stranger@x.org")

    async with service.client() as client:
        seen = await client.post(TICKETS, headers=viewer, json={})
        hidden = await client.post(TICKETS, headers=stranger, json={})
        other = await client.post(f"/downloads/{a_urn()}/files/other/tickets", headers=user, json={})
        anonymous = await client.post(TICKETS, params={"scope": TENANT}, json={})
        put_licence(service)
        locked = await client.post(TICKETS, headers=user, json={})

    assert [a.status_code for a in (seen, hidden, other, anonymous, locked)] == [403, 404, 404, 403, 423]
    assert locked.json() == {"license": LICENCE.link, "accept": f"http://testserver.local{URL}?acceptLicense=true"}
    assert service.database.tables.tickets == {}
