"""What clients of upstream's front door depend on, one test per line, and where ours differs on purpose.

The numbers are those of the checklist of upstream's contract (contract-catalog section 11).
"""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from domain.access import Role
from domain.account import AccountKey
from domain.availability import Availability, CopyAvailability
from domain.file import DataType
from domain.limits import Limits
from domain.rights import FileLevel
from tests.catalogue_factories import a_licence, a_product, a_urn, an_entry
from tests.e2e.front_door import DATA, DATASET, LICENCE, give_right, put_file, put_licence, put_product, units
from tests.e2e.service import KEY, OTHER_TENANT, TENANT, Service
from tests.factories import a_location
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import Misbehaviour

pytestmark = pytest.mark.anyio

USER, VIEWER, STRANGER = "user@x.org", "viewer@x.org", "stranger@x.org"
URN = str(a_urn())
URL = f"/downloads/{URN}/files/c1"
PASSWORD = "correct horse"
MANDATORY = ("tenant", "role", "email", "sub")


def a_token(service: Service, *, missing: Sequence[str] = ()) -> str:
    """As upstream signs one for the user, without some of its claims."""
    later = int(service.clock.now().timestamp()) + 3600
    claims = {"tenant": TENANT, "role": "REGISTERED_USER", "email": USER, "sub": USER, "exp": later}
    kept = {name: value for name, value in claims.items() if name not in missing}
    return jwt.encode({"alg": "HS256"}, kept, OctKey.import_key(KEY), algorithms=["HS256"])


@pytest.fixture
def service():
    """One product with data, a picture, and data on tape; somebody with a right to it, and somebody who only looks."""
    made = Service()
    made.storages["tape"] = InMemoryNearlineStorage(made.clock)
    put_file(made, "c1")
    put_file(made, "small", b"png", data_type=DataType.THUMBNAIL)
    put_file(made, "cold", storage="tape")
    put_product(
        made, an_entry(), an_entry("small", DataType.THUMBNAIL), an_entry("cold"), an_entry("gone", file_name="é.tif")
    )
    give_right(made)
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


# Must keep.


@pytest.mark.parametrize("urn", [URN, URN.replace(":", "%3A"), URN.replace(":V1", ":LAST")])
async def test_1_get_and_head_take_a_urn_raw_or_encoded_with_both_parameters(service, user, urn):
    url = f"/downloads/{urn}/files/c1?isContentInline=true&acceptLicense=false"

    async with service.client() as client:
        get, head = await client.get(url, headers=user), await client.head(url, headers=user)

    assert (get.status_code, get.content, head.status_code, head.content) == (200, DATA, 200, b"")


async def test_2_a_locked_file_names_licence_and_acceptance_and_nothing_else(service, user):
    put_licence(service)

    async with service.client() as client:
        locked = await client.get(URL, headers=user)
        inline = await client.get(f"{URL}?isContentInline=true", headers=user)
        opened = await client.get(inline.json()["accept"], headers=user)

    assert (locked.status_code, locked.headers["content-type"]) == (423, "application/json")
    assert locked.json() == {"license": LICENCE.link, "accept": f"http://testserver.local{URL}?acceptLicense=true"}
    assert inline.json()["accept"].endswith(f"{URL}?isContentInline=true&acceptLicense=true")
    assert (opened.status_code, opened.content) == (200, DATA)


async def test_3_statuses_of_the_download_are_passed_on_with_text_for_429(service, user):
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=0, rate_limit=-1))

    async with service.client() as client:
        gone = await client.get(f"/downloads/{URN}/files/gone", headers=user)
        cold = await client.get(f"/downloads/{URN}/files/cold", headers=user)
        refused = await client.get(URL, headers=user)

    assert [gone.status_code, cold.status_code, refused.status_code] == [404, 410, 429]
    assert refused.headers["content-type"].startswith("text/plain")
    assert refused.text == f"Download quota of 0 exceeded (by 0) for user {USER}."


async def test_4_the_catalogues_name_and_inline_when_asked(service, user):
    async with service.client() as client:
        saved = await client.get(URL, headers=user)
        shown = await client.get(f"{URL}?isContentInline=true", headers=user)

    assert saved.headers["content-disposition"].startswith('attachment; filename="scene.tif"')
    assert shown.headers["content-disposition"].startswith('inline; filename="scene.tif"')
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"


async def test_5_public_types_need_neither_licence_nor_right_nor_quota(service):
    put_licence(service)
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)
    await service.ledger.set_limits(AccountKey(TENANT, VIEWER), Limits(max_quota=0, rate_limit=0))

    async with service.client() as client:
        answer = await client.get(f"/downloads/{URN}/files/small", headers=viewer)

    assert (answer.status_code, answer.content, units(service, VIEWER)) == (200, b"png", 0)


@pytest.mark.parametrize(
    ("role", "email", "before", "afterwards"),
    [
        (Role.REGISTERED_USER, USER, 423, 200),
        (Role.REGISTERED_USER, VIEWER, 423, 403),
        (Role.REGISTERED_USER, STRANGER, 404, 404),
        (Role.PROJECT_ADMIN, "admin@x.org", 423, 200),
        (Role.INSTANCE_ADMIN, "root@x.org", 200, 200),
    ],
)
async def test_6_groups_then_licence_then_right(service, role, email, before, afterwards):
    put_licence(service)
    caller = service.bearer(role, email)

    async with service.client() as client:
        first = await client.get(URL, headers=caller)
        await client.put("/license", headers=caller)
        second = await client.get(URL, headers=caller)

    assert (first.status_code, second.status_code) == (before, afterwards)


async def test_7_a_search_answers_in_upstreams_envelope(service, user):
    async with service.client() as client:
        answer = await client.get("/engines/legacy/dataobjects/search", params={"q": "label:scene"}, headers=user)
        (item,) = answer.json()["content"]
        (self_link,) = item["links"]
        one = await client.get(self_link["href"], headers=user)

    page = answer.json()
    assert set(page) == {"metadata", "content", "links", "facets"}
    assert page["metadata"] == {"size": 20, "number": 0, "totalElements": 1, "totalPages": 1}
    assert [set(link) for link in (*page["links"], self_link)] == [{"rel", "href"}] * 2
    assert self_link == {"rel": "self", "href": f"http://testserver.local/engines/legacy/dataobjects/{URN}"}
    assert one.json() == item
    assert item["content"].keys() == {
        *("id", "virtualId", "providerId", "entityType", "label", "model", "type", "geometry", "properties"),
        *("files", "tags", "last", "version"),
    }


async def test_7_files_have_upstreams_members_and_absent_ones_are_left_out(service, user):
    picture = an_entry("small", DataType.THUMBNAIL)
    elsewhere = an_entry(
        None, DataType.DOCUMENT, uri="https://elsewhere.example.org/x", is_reference=True, file_name="x.html"
    )
    put_product(service, an_entry(), attrs.evolve(picture, image_width=64.0, image_height=32.0), elsewhere)

    async with service.client() as client:
        answer = await client.get(f"/engines/legacy/dataobjects/{URN}", headers=user)

    files = answer.json()["content"]["files"]
    (raw,), (image,), (reference,) = files["RAWDATA"], files["THUMBNAIL"], files["DOCUMENT"]
    always = {"dataType", "reference", "uri", "mimeType", "online", "filesize", "filename", "types"}
    assert raw.keys() == always | {"checksum", "digestAlgorithm"}
    assert image.keys() == raw.keys() | {"imageWidth", "imageHeight"}
    assert reference.keys() == always
    assert (raw["online"], raw["reference"], reference["online"], reference["reference"]) == (True, False, False, True)
    assert (raw["types"], raw["filesize"], raw["mimeType"]) == ([], 1000, "image/tiff")
    assert reference["uri"] == "https://elsewhere.example.org/x"


async def test_7_the_uri_of_a_file_begins_where_the_client_sees_the_project_and_leads_to_its_bytes(service, user):
    seen_as = {"x-forwarded-proto": "https", "x-forwarded-host": "archive.example.org", "x-forwarded-prefix": "/api/v1"}

    async with service.client() as client:
        near = await client.get(f"/engines/legacy/dataobjects/{URN}", headers=user)
        far = await client.get(f"/engines/legacy/dataobjects/{URN}", headers={**user, **seen_as})
        by_uri = await client.get(near.json()["content"]["files"]["RAWDATA"][0]["uri"], headers=user)

    uris = [file["uri"] for listed in far.json()["content"]["files"].values() for file in listed]
    assert f"https://archive.example.org/api/v1/downloads/{URN}/files/c1" in uris
    assert all(uri.startswith(f"https://archive.example.org/api/v1/downloads/{URN}/files/") for uri in uris)
    assert (by_uri.status_code, by_uri.content) == (200, DATA)


async def test_7_last_is_the_newest_version_wherever_a_urn_is_taken(service, user):
    newer, last = str(a_urn(version=2)), str(a_urn().virtual_id)
    new_bytes = b"newer"
    put_file(service, "c2", new_bytes)
    async with service.unit_of_work() as work:
        await work.products.save([a_product(a_urn(version=2), files=[an_entry("c2")], datasets=[DATASET])])
        await work.commit()

    async with service.client() as client:
        shown = await client.get(f"/engines/legacy/entities/{last}", headers=user)
        found = await client.get("/engines/legacy/dataobjects/search", params={"q": "last:true"}, headers=user)
        got = await client.get(f"/downloads/{last}/files/c2", headers=user)
        old_file = await client.get(f"/downloads/{last}/files/c1", headers=user)
        by_version = await client.get(f"/downloads/{URN}/files/c1", headers=user)
        available = await client.get(f"/availability/files/{last}", headers=user)
        plan = await client.post(
            "/downloads/plan", headers=user, json={"files": [{"urn": last, "checksum": sum_} for sum_ in ("c1", "c2")]}
        )
        document = await client.get(f"/downloads/{last}/metalink", headers=user)

    assert shown.json()["content"]["id"] == newer
    assert [item["content"]["id"] for item in found.json()["content"]] == [newer]
    assert (got.status_code, got.content, old_file.status_code) == (200, new_bytes, 404)
    assert (by_version.status_code, by_version.content) == (200, DATA)
    assert [file["checksum"] for file in available.json()["files"]] == ["c2"]
    assert [file["allowed"] for file in plan.json()["files"]] == [False, True]
    assert "/files/c2" in document.text
    assert "/files/c1" not in document.text


async def test_8_product_ids_and_expiration_date_with_upstreams_statuses(service, user):
    service.storages["tape"].says[a_location("cold", "tape").url] = lambda: CopyAvailability(
        state=Availability.AVAILABLE, until=service.clock.now() + timedelta(hours=1)
    )
    stranger, viewer = service.bearer(Role.REGISTERED_USER, STRANGER), service.bearer(Role.REGISTERED_USER, VIEWER)

    async with service.client() as client:
        answer = await client.post("/availability/files", headers=user, json={"product_ids": [URN]})
        refused = [
            (await client.post(path, headers=user, json={"product_ids": ids})).status_code
            for path in ("/availability/files", "/restore")
            for ids in ([], [URN] * 101, ["nonsense"])
        ]
        single = [
            (await client.get(f"/availability/files/{URN}", headers=headers)).status_code
            for headers in (user, stranger, viewer)
        ]

    (product,) = answer.json()["products"]
    assert product["id"] == URN
    files = {file["checksum"]: file for file in product["files"]}
    assert files["c1"]["available"] is True
    assert files["cold"]["expiration_date"] == "2026-03-01T13:00:00.000000Z"
    assert refused == [422, 400, 400, 422, 400, 400]
    assert single == [200, 404, 403]


async def test_9_the_answer_with_a_token_has_upstreams_names_and_the_token_its_claims(service):
    admin = service.bearer(Role.PROJECT_ADMIN)
    login = {"username": USER, "password": PASSWORD, "scope": TENANT, "grant_type": "password"}

    async with service.client() as client:
        await client.put(f"/users/{USER}", json={"password": PASSWORD}, headers=admin)
        answer = await client.post(f"/oauth/token?scope={TENANT}", json=login, auth=("client", "whatever"))
        token = answer.json()["access_token"]
        used = await client.get(URL, headers={"authorization": f"Bearer {token}"})

    assert answer.json() == {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": 3600,
        "role": "REGISTERED_USER",
        "scope": TENANT,
        "tenant": TENANT,
        "sub": USER,
        "email": USER,
    }
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    claims = jwt.decode(token, OctKey.import_key(KEY), algorithms=["HS512"]).claims
    assert {name: claims[name] for name in MANDATORY} == {
        "tenant": TENANT,
        "role": "REGISTERED_USER",
        "email": USER,
        "sub": USER,
    }
    assert used.status_code == 200


@pytest.mark.parametrize("missing", [["tenant"], ["role"], ["exp"], ["email", "sub"]])
async def test_9_a_token_without_a_mandatory_claim_lets_nobody_in(service, missing):
    async with service.client() as client:
        answer = await client.get(URL, headers={"authorization": f"Bearer {a_token(service, missing=missing)}"})
        complete = await client.get(URL, headers={"authorization": f"Bearer {a_token(service)}"})

    assert (answer.status_code, complete.status_code) == (401, 200)


async def test_9_tokens_and_scopes_are_read_where_upstream_reads_them(service, user):
    give_right(service, "everybody", is_public=True)
    token = user["authorization"].removeprefix("Bearer ")
    door = attrs.evolve(service, reads_token_in_url=True)
    picture = f"/downloads/{URN}/files/small"

    async with service.client() as client:
        answers = {
            "a header scope": await client.get(picture, headers={"scope": TENANT}),
            "a parameter scope": await client.get(picture, params={"scope": TENANT}),
            "a token and another scope": await client.get(URL, params={"scope": OTHER_TENANT}, headers=user),
            "nothing": await client.get(picture),
            "a token in the address": await client.get(URL, params={"token": token}),
        }
    async with door.client() as client:
        answers["a token in the address, switched on"] = await client.get(URL, params={"token": token})

    assert {where: answer.status_code for where, answer in answers.items()} == {
        "a header scope": 200,
        "a parameter scope": 200,
        "a token and another scope": 200,
        "nothing": 401,
        "a token in the address": 401,
        "a token in the address, switched on": 200,
    }
    assert token not in answers["a token in the address"].text


async def test_10_the_unit_lands_on_whoever_asked(service, user):
    async with service.client() as client:
        await client.get(URL, headers=user)
        await client.get(URL, headers=service.bearer(Role.PROJECT_ADMIN, "admin@x.org"))

    assert (units(service, USER), units(service, "admin@x.org")) == (1, 1)


# Should differ.


async def test_a_right_to_files_is_asked_for_on_get_as_on_head(service):
    viewer = service.bearer(Role.REGISTERED_USER, VIEWER)

    async with service.client() as client:
        get, head = await client.get(URL, headers=viewer), await client.head(URL, headers=viewer)

    assert (get.status_code, head.status_code, get.content) == (403, 403, b"")


async def test_a_checksum_belongs_to_the_product_or_is_unknown(service, user):
    put_file(service, "elsewhere")

    async with service.client() as client:
        get = await client.get(f"/downloads/{URN}/files/elsewhere", headers=user)
        head = await client.head(f"/downloads/{URN}/files/elsewhere", headers=user)

    assert (get.status_code, head.status_code) == (404, 404)


async def test_a_bad_urn_is_400(service, user):
    async with service.client() as client:
        answer = await client.get("/downloads/URN:AIP:DATA/files/c1", headers=user)

    assert answer.status_code == 400


async def test_a_hidden_product_looks_like_an_unknown_one(service):
    stranger = service.bearer(Role.REGISTERED_USER, STRANGER)

    async with service.client() as client:
        hidden = await client.get(URL, headers=stranger)
        unknown = await client.get(f"/downloads/{a_urn(99)}/files/c1", headers=stranger)

    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)


async def test_no_shared_cache_keeps_what_is_protected_and_none_at_all_keeps_a_refusal(service, user):
    put_licence(service, a_licence(DATASET))

    async with service.client() as client:
        locked = await client.get(URL, headers=user)
        accepting = await client.get(f"{URL}?acceptLicense=true", headers=user)
        granted = await client.get(URL, headers=user)
        hidden = await client.get(URL, headers=service.bearer(Role.REGISTERED_USER, STRANGER))

    assert [a.headers["cache-control"] for a in (locked, accepting, granted, hidden)] == [
        "no-store",
        "no-store",
        "private",
        "no-store",
    ]


async def test_the_scheme_of_the_authorization_has_no_case(service, user):
    async with service.client() as client:
        answer = await client.head(URL, headers={"authorization": user["authorization"].replace("Bearer", "bEARER")})

    assert answer.status_code == 200


async def test_a_licence_is_accepted_by_put(service, user):
    put_licence(service)

    async with service.client() as client:
        accepted = await client.put("/license", headers=user)
        answer = await client.get(URL, headers=user)

    assert (accepted.status_code, answer.status_code) == (200, 200)


async def test_who_has_to_wait_is_told_how_long(service, user):
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=-1, rate_limit=0))

    async with service.client() as client:
        answer = await client.get(URL, headers=user)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("email", "checksum", "code"),
    [(VIEWER, "c1", "no-data-right"), (STRANGER, "c1", "not-found"), (USER, "nothing", "not-in-product")],
)
async def test_a_refusal_is_explained_to_whoever_asks(service, email, checksum, code):
    headers = {**service.bearer(Role.REGISTERED_USER, email), "accept": "application/problem+json"}

    async with service.client() as client:
        answer = await client.get(f"/downloads/{URN}/files/{checksum}", headers=headers)
        page = await client.get(answer.json()["type"])

    assert answer.json()["type"] == f"/problems/{code}"
    assert page.status_code == 200


async def test_a_length_may_be_larger_than_32_bits(service, user):
    size = 5 * 2**30
    with service.database.transaction() as tables:
        tables.files[TENANT, "c1"] = attrs.evolve(tables.files[TENANT, "c1"], size_bytes=size)

    async with service.client() as client:
        answer = await client.head(URL, headers=user)

    assert answer.headers["content-length"] == str(size)


async def test_a_download_has_a_validator_and_can_be_resumed(service, user):
    async with service.client() as client:
        whole = await client.get(URL, headers=user)
        rest = await client.get(URL, headers={**user, "range": "bytes=4000-", "if-range": whole.headers["etag"]})

    assert whole.headers["etag"] == '"c1"'
    assert (rest.status_code, rest.content) == (206, DATA[4000:])


async def test_a_name_beyond_ascii_arrives_exactly(service, user):
    put_file(service, "gone")

    async with service.client() as client:
        answer = await client.get(f"/downloads/{URN}/files/gone", headers=user)

    assert "filename*=UTF-8''%C3%A9.tif" in answer.headers["content-disposition"]


async def test_a_storage_that_fails_is_503_with_a_time_and_no_names_of_ours(service, user):
    service.disk.misbehave(Misbehaviour(unavailable=True))

    async with service.client() as client:
        answer = await client.get(URL, headers=user)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/copies-unreachable")
    assert int(answer.headers["retry-after"]) > 0
    assert "memory://" not in answer.text


async def test_an_entry_without_a_checksum_harms_nobody(service, user):
    put_product(service, an_entry(None, uri="https://elsewhere.example.org/x", is_reference=True), an_entry())

    async with service.client() as client:
        answer = await client.get(URL, headers=user)

    assert answer.status_code == 200


async def test_head_says_size_and_type_of_what_get_would_send(service, user):
    async with service.client() as client:
        answer = await client.head(URL, headers=user)

    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("5000", "image/tiff")
