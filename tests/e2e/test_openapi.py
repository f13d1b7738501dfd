"""The OpenAPI document says what the service does."""

import re

import msgspec
import pytest

from tests.e2e.service import Service
from tests.e2e.test_roles_api import EVERYBODY, ROUTES

UPSTREAM = {
    ("get", "/files/{checksum}/download"): "downloadFile",
    ("get", "/files/{checksum}/download/token"): "downloadFileWithToken",
    ("post", "/files/availability/status"): "checkFileAvailability",
    ("get", "/quota"): "getQuotaLimits_1",
    ("get", "/quota/{user_email}"): "getQuotaLimits_2",
    ("put", "/quota/{user_email}"): "upsertQuotaLimits",
    ("get", "/quotas"): "getQuotaLimits",
    ("get", "/quota/current"): "getCurrentQuotas",
    ("get", "/quota/current/{user_email}"): "getCurrentQuotas_1",
    ("post", "/quota/currents"): "getCurrentQuotasList",
    ("get", "/quota/max"): "getMaxQuota",
    ("get", "/settings"): "retrieveAll",
    ("put", "/settings/{name}"): "update",
    ("delete", "/settings/{name}"): "reset",
    ("get", "/plugins"): "getPlugins",
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def document(anyio_backend):
    async with Service().client() as client:
        answer = await client.get("/schema/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def operations(document):
    return {(verb, path): operation for path, item in document["paths"].items() for verb, operation in item.items()}


@pytest.mark.anyio
async def test_it_describes_every_route(operations):
    assert {(verb.upper(), path) for verb, path in operations} == set(ROUTES)


@pytest.mark.anyio
async def test_operations_have_upstreams_names(operations):
    assert {key: operations[key]["operationId"] for key in UPSTREAM} == UPSTREAM


@pytest.mark.anyio
async def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(operations):
    names = [operation["operationId"] for operation in operations.values()]

    assert len(set(names)) == len(names)
    for operation in operations.values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]


@pytest.mark.anyio
async def test_every_error_is_problem_details(operations):
    for key, operation in operations.items():
        if key == ("get", "/health/ready"):
            continue  # Its 503 is no error: it is the answer.
        for status, response in operation["responses"].items():
            if status == "423":
                continue  # Upstream's object of two links, unless problem details are asked for.
            if (key, status) == (("post", "/oauth/token"), "400"):
                continue  # Problem details with the members of RFC 6749, as application/json for clients of OAuth.
            if status >= "400" and (content := response.get("content")):
                assert content.keys() <= {"application/problem+json", "text/plain"}, (key, status)


@pytest.mark.anyio
async def test_every_operation_for_callers_tells_what_happens_without_one(operations):
    for (verb, path), operation in operations.items():
        if ROUTES[verb.upper(), path] is not EVERYBODY:
            assert operation["responses"].keys() >= {"401", "403", "503"}, (verb, path)
            assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
            assert "security" not in operation
            assert "Retry-After" in operation["responses"]["503"]["headers"]


@pytest.mark.anyio
async def test_every_reference_leads_somewhere(document):
    text = msgspec.json.encode(document).decode()

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    missing = named - document["components"]["schemas"].keys()

    assert missing == set()


@pytest.mark.anyio
async def test_payloads_tell_their_bounds_and_that_they_are_closed(document):
    schemas = document["components"]["schemas"]

    assert schemas["DownloadQuotaLimits"]["additionalProperties"] is False
    assert schemas["DownloadQuotaLimits"]["properties"]["maxQuota"]["minimum"] == -1
    assert schemas["FileBatch"]["properties"]["files"]["maxItems"] == 1000
    assert schemas["FileMetaInfo"]["properties"]["type"]["enum"][0] == "RAWDATA"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "media_type", "part"),
    [
        ("/schema", "text/html", "<title>rs-downloader API</title>"),
        ("/schema/openapi.json", "application/vnd.oai.openapi+json", '"openapi":"3.1.0"'),
        ("/schema/openapi.yaml", "application/vnd.oai.openapi", "openapi: 3.1.0"),
    ],
)
async def test_it_is_served_as_page_json_and_yaml(path, media_type, part):
    async with Service().client() as client:
        answer = await client.get(path)

    assert answer.headers["content-type"].startswith(media_type)
    assert part in answer.text


@pytest.mark.anyio
async def test_the_page_loads_nothing_from_elsewhere():
    async with Service().client() as client:
        page = (await client.get("/schema")).text

    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page) == []
