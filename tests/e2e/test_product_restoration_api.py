"""Files of products that sleep: asking for them, having them restored, and who may."""

import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_urn, an_entry
from tests.e2e.front_door import DATASET, LICENCE, give_right, put_file, put_licence, put_product
from tests.e2e.service import TENANT, Service
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage

pytestmark = pytest.mark.anyio

USER, VIEWER, STRANGER = "user@x.org", "viewer@x.org", "stranger@x.org"
URN, WARM, HIDDEN = str(a_urn(1)), str(a_urn(2)), str(a_urn(3))


@pytest.fixture
def service():
    """A product with files on disk, on tape and nowhere; one with a file on disk; and one of another dataset."""
    made = Service()
    made.storages["tape"] = InMemoryNearlineStorage(made.clock)
    put_file(made, "warm")
    put_file(made, "cold", storage="tape")
    put_file(made, "other", storage="tape")
    put_product(made, an_entry("warm", DataType.DOCUMENT), an_entry("cold"), an_entry("unknown"))
    put_product(made, an_entry("warm"), number=2)
    put_product(made, an_entry("other"), number=3, datasets=[a_dataset_urn(2)])
    give_right(made)
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


def ask(*urns):
    return {"product_ids": list(urns)}


async def test_several_products_are_answered_for_those_who_may_have_them(service, user):
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)

    async with service.client() as client:
        answer = await client.post("/availability/files", headers=user, json=ask(URN, HIDDEN, WARM, str(a_urn(99))))
        nothing = await client.post("/availability/files", headers=viewer, json=ask(URN))

    assert answer.status_code == 200
    assert answer.json() == {
        "products": [
            {
                "id": URN,
                "files": [
                    {"checksum": "warm", "available": True, "state": "AVAILABLE"},
                    {"checksum": "cold", "available": False, "state": "UNAVAILABLE"},
                ],
            },
            {"id": WARM, "files": [{"checksum": "warm", "available": True, "state": "AVAILABLE"}]},
        ]
    }
    assert nothing.json() == {"products": []}


async def test_of_a_single_product_it_is_said_why_there_is_no_answer(service, user):
    async with service.client() as client:
        answers = [
            await client.get(f"/availability/files/{urn}", headers=service.bearer(Role.REGISTERED_USER, email))
            for urn, email in ((URN, USER), (URN, VIEWER), (URN, STRANGER), (str(a_urn(99)), USER), ("nonsense", USER))
        ]

    assert [answer.status_code for answer in answers] == [200, 403, 404, 404, 400]
    assert answers[0].json()["id"] == URN
    assert all("messages" in answer.json() for answer in answers[1:])


@pytest.mark.parametrize("path", ["/availability/files", "/restore"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (ask(), 422),
        (ask("nonsense"), 400),
        (ask(*[str(a_urn(number)) for number in range(1, 102)]), 400),
        ({}, 400),
        ({"product_ids": "x"}, 400),
    ],
    ids=["none", "malformed", "too many", "missing", "no list"],
)
async def test_a_question_that_cannot_be_answered_is_refused(service, user, path, body, status):
    async with service.client() as client:
        answer = await client.post(path, headers=user, json=body)

    assert answer.status_code == status
    assert answer.json()["messages"]


async def test_too_many_files_are_refused_among_several_and_answered_for_one(service, user):
    names = [f"f{number}" for number in range(101)]
    for name in names:
        put_file(service, name, b"x")
    put_product(service, *[an_entry(name) for name in names])

    async with service.client() as client:
        several = await client.post("/availability/files", headers=user, json=ask(URN))
        one = await client.get(f"/availability/files/{URN}", headers=user)

    assert several.status_code == 400
    assert len(one.json()["files"]) == 101


async def test_a_user_who_is_told_that_a_file_sleeps_asks_for_it_and_follows_it(service, user):
    url = f"/downloads/{URN}/files/cold"

    async with service.client() as client:
        asleep = await client.get(url, headers=user)
        described = await client.head(url, headers=user)
        asked = await client.post("/restore", headers=user, json=ask(URN, WARM, HIDDEN))
        group = await client.get(asked.headers["location"], headers=user)
        foreign = await client.get(asked.headers["location"], headers=service.bearer(Role.REGISTERED_USER, STRANGER))
        operator = await client.get(asked.headers["location"], headers=service.bearer(Role.EXPLOIT, "o@x.org"))

    assert (asleep.status_code, asleep.json()["restorations"]) == (410, f"/restore/{URN}")
    assert (described.status_code, described.content) == (410, b"")
    assert f"</restore/{URN}>" in asleep.headers["link"]
    assert (asked.status_code, asked.content) == (200, b"")
    assert [file["checksum"] for file in group.json()["files"]] == ["cold"]
    assert (group.json()["requestedBy"], group.json()["availabilityHours"]) == (USER, 24)
    assert (foreign.status_code, operator.status_code) == (404, 200)


async def test_where_nothing_sleeps_nothing_is_asked_for(service, user):
    async with service.client() as client:
        answer = await client.post("/restore", headers=user, json=ask(WARM, HIDDEN))

    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert service.database.tables.restoration_groups == {}


async def test_get_restores_nothing_and_post_does(service, user):
    async with service.client() as client:
        get = await client.get(f"/restore/{URN}", headers=user)
        post = await client.post(f"/restore/{URN}", headers=user)
        hidden = await client.post(f"/restore/{HIDDEN}", headers=user)
        viewer = await client.post(f"/restore/{URN}", headers=service.bearer(Role.REGISTERED_USER, VIEWER))

    assert (get.status_code, "POST" in get.headers["allow"]) == (405, True)
    assert (post.status_code, post.headers["location"].startswith("/restorations/")) == (200, True)
    assert (hidden.status_code, viewer.status_code) == (404, 403)


async def test_a_tenant_may_leave_restoring_to_operators(service, user):
    operator = service.bearer(Role.EXPLOIT, USER)

    async with service.client() as client:
        await client.put("/settings/restorationByUsers", headers=service.bearer(Role.ADMIN), json={"value": 0})
        refused = await client.post("/restore", headers=user, json=ask(URN))
        granted = await client.post("/restore", headers=operator, json=ask(URN))

    assert (refused.status_code, granted.status_code) == (403, 200)


async def test_a_user_accepts_the_licence_before_anything_is_restored(service, user):
    put_licence(service)

    async with service.client() as client:
        locked = await client.post("/restore", headers=user, json=ask(URN))
        single = await client.post(f"/restore/{URN}", headers=user)
        await client.put("/license", headers=user)
        granted = await client.post("/restore", headers=user, json=ask(URN))

    assert (locked.status_code, single.status_code, granted.status_code) == (423, 423, 200)
    assert LICENCE.link in locked.json()["detail"]


async def test_the_anonymous_user_restores_nothing(service):
    give_right(service, "everybody", members=[], is_public=True)

    async with service.client() as client:
        available = await client.get(f"/availability/files/{URN}", params={"scope": TENANT})
        restored = await client.post(f"/restore/{URN}", params={"scope": TENANT})

    assert (available.status_code, restored.status_code) == (200, 403)


async def test_whether_data_is_there_for_somebody_can_be_asked(service, user):
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)
    dataset = str(DATASET).replace("LAST", "V1")
    put_product(service, an_entry("t", DataType.THUMBNAIL), number=4)

    async with service.client() as client:
        own = await client.get(f"/entities/{URN}/access", headers=user)
        seen = await client.get(f"/entities/{URN}/access", headers=viewer)
        unknown = await client.get(f"/entities/{HIDDEN}/access", headers=user)
        bad = await client.get("/entities/nonsense/access", headers=user)
        some = await client.post("/entities/access", headers=user, json=[HIDDEN, URN, str(a_urn(4)), dataset])
        none = await client.post("/entities/access", headers=viewer, json=[URN, WARM])

    assert (own.json(), seen.json()) == (True, False)
    assert (unknown.status_code, bad.status_code) == (404, 400)
    assert (some.status_code, some.json(), none.json()) == (200, [URN], [])
