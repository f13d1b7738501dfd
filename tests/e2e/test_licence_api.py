"""Licences as users meet them: reading, accepting, and being asked anew."""

from datetime import timedelta

import pytest

from domain.access import Role
from tests.catalogue_factories import a_dataset_urn, a_licence, a_urn, an_entry
from tests.e2e.front_door import DATASET, LICENCE, give_right, put_file, put_licence, put_product
from tests.e2e.service import TENANT, Service

pytestmark = pytest.mark.anyio

USER = "user@x.org"
URL = f"/downloads/{a_urn()}/files/c1"
OF_DATASET = f"/datasets/{DATASET}/license"


@pytest.fixture
def service():
    made = Service()
    put_file(made, "c1")
    put_product(made, an_entry())
    give_right(made)
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


async def test_without_a_licence_there_is_nothing_to_accept(service, user):
    async with service.client() as client:
        read = await client.get("/license", headers=user)
        accepted = await client.put("/license", headers=user)

    assert read.json() == {
        "content": {"accepted": True, "licenseLink": ""},
        "links": [{"rel": "self", "href": "http://testserver.local/license"}],
    }
    assert accepted.json() == read.json()


async def test_a_licence_is_read_accepted_and_asked_for_anew(service, user):
    put_licence(service)
    admin = service.bearer(Role.ADMIN)

    async with service.client() as client:
        before = await client.get("/license", headers=user)
        accepted = await client.put("/license", headers=user)
        first = await client.get(URL, headers=user)
        reset = await client.put("/license/reset", headers=admin)
        second = await client.get(URL, headers=user)
        links = (await client.get("/license", headers=admin)).json()["links"]

    assert before.json()["content"] == {"accepted": False, "licenseLink": LICENCE.link}
    assert [link["rel"] for link in before.json()["links"]] == ["self", "update"]
    assert (accepted.status_code, accepted.json()["content"]["accepted"]) == (200, True)
    assert (first.status_code, reset.status_code, reset.content, second.status_code) == (200, 204, b"", 423)
    assert links[2] == {"rel": "delete", "href": "http://testserver.local/license/reset"}


async def test_who_accepted_which_text_and_when_is_on_record(service, user):
    put_licence(service)

    async with service.client() as client:
        await client.put("/license", headers=user)
        service.clock.advance(timedelta(seconds=60))
        await client.put("/license", headers=user)

    (proof,) = service.database.tables.acceptances.values()
    assert (proof.email, proof.link, proof.text_id) == (USER, LICENCE.link, LICENCE.text_id)
    assert (service.clock.now() - proof.accepted_at).total_seconds() == 60


async def test_a_dataset_has_a_licence_of_its_own_or_the_tenants(service, user):
    put_licence(service)

    async with service.client() as client:
        fallback = await client.get(OF_DATASET, headers=user)
        await client.put(OF_DATASET, headers=user)
        unlocked = await client.get(URL, headers=user)
        put_licence(service, a_licence(DATASET))
        own = await client.get(OF_DATASET, headers=user)
        locked = await client.get(URL, headers=user)
        await client.put(OF_DATASET, headers=user)
        accepted = await client.get(URL, headers=user)
        reset = await client.put(f"{OF_DATASET}/reset", headers=service.bearer(Role.ADMIN))
        again = await client.get(URL, headers=user)

    assert fallback.json()["content"] == {"accepted": False, "licenseLink": LICENCE.link}
    assert own.json()["content"] == {"accepted": False, "licenseLink": a_licence(DATASET).link}
    assert [a.status_code for a in (unlocked, locked, accepted, reset, again)] == [200, 423, 200, 204, 423]


async def test_the_licence_of_a_dataset_that_is_not_seen_is_not_told(service):
    put_licence(service, a_licence(DATASET))
    stranger = service.bearer(Role.REGISTERED_USER, "stranger@x.org")

    async with service.client() as client:
        hidden = await client.get(OF_DATASET, headers=stranger)
        accepting = await client.put(OF_DATASET, headers=stranger)
        unknown = await client.get(f"/datasets/{a_dataset_urn(9).virtual_id}/license", headers=stranger)

    assert [a.status_code for a in (hidden, accepting, unknown)] == [404, 404, 404]
    assert service.database.tables.acceptances == {}


async def test_the_anonymous_user_reads_the_licence_and_cannot_accept_it(service):
    put_licence(service)

    async with service.client() as client:
        read = await client.get("/license", params={"scope": TENANT})
        accepted = await client.put("/license", params={"scope": TENANT})

    assert read.json()["content"]["accepted"] is False
    assert [link["rel"] for link in read.json()["links"]] == ["self"]
    assert accepted.status_code == 403


async def test_only_datasets_have_licences(service, user):
    async with service.client() as client:
        answer = await client.get(f"/datasets/{a_urn()}/license", headers=user)

    assert answer.status_code == 400
