"""Who may call what: one table over every route."""

import pytest
from litestar import get
from litestar.exceptions import ImproperlyConfiguredException
from litestar.routes import HTTPRoute

from adapters.http.roles import everybody
from domain.access import Role
from tests.e2e.service import TENANT, Service

pytestmark = pytest.mark.anyio

EVERYBODY = None

ROUTES: dict[tuple[str, str], Role | None] = {
    ("GET", "/engines/legacy/entities/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/entities/search/properties/{property_name}/values"): Role.PUBLIC,
    ("GET", "/engines/legacy/entities/{urn}"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/search/properties/{property_name}/values"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/{urn}"): Role.PUBLIC,
    ("GET", "/engines/legacy/datasets/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/datasets/search/properties/{property_name}/values"): Role.PUBLIC,
    ("GET", "/engines/legacy/datasets/{urn}"): Role.PUBLIC,
    ("GET", "/engines/legacy/collections/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/collections/search/properties/{property_name}/values"): Role.PUBLIC,
    ("GET", "/engines/legacy/collections/{urn}"): Role.PUBLIC,
    ("GET", "/engines/legacy/datasets/{urn}/dataobjects/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/datasets/search"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/search/properties/bounds"): Role.PUBLIC,
    ("GET", "/engines/legacy/dataobjects/search/attributes"): Role.PUBLIC,
    ("POST", "/complex/search"): Role.PUBLIC,
    ("POST", "/complex/search/dataobjects/attributes"): Role.PUBLIC,
    ("POST", "/complex/search/summary"): Role.PUBLIC,
    ("PUT", "/products"): Role.PROJECT_ADMIN,
    ("GET", "/products"): Role.PROJECT_ADMIN,
    ("PUT", "/products/{urn}"): Role.PROJECT_ADMIN,
    ("GET", "/products/{urn}"): Role.PROJECT_ADMIN,
    ("DELETE", "/products/{urn}"): Role.PROJECT_ADMIN,
    ("PUT", "/datasets/{urn}"): Role.PROJECT_ADMIN,
    ("GET", "/datasets/{urn}"): Role.PROJECT_ADMIN,
    ("DELETE", "/datasets/{urn}"): Role.PROJECT_ADMIN,
    ("GET", "/accessgroups"): Role.PROJECT_ADMIN,
    ("PUT", "/accessgroups/{name}"): Role.PROJECT_ADMIN,
    ("DELETE", "/accessgroups/{name}"): Role.PROJECT_ADMIN,
    ("GET", "/accessgroups/{name}/users"): Role.PROJECT_ADMIN,
    ("PUT", "/accessgroups/{name}/users"): Role.PROJECT_ADMIN,
    ("GET", "/users/{email}/groups"): Role.PROJECT_ADMIN,
    ("PUT", "/users/{email}/groups"): Role.PROJECT_ADMIN,
    ("PUT", "/accessgroups/{name}/users/{email}"): Role.PROJECT_ADMIN,
    ("DELETE", "/accessgroups/{name}/users/{email}"): Role.PROJECT_ADMIN,
    ("GET", "/accessrights"): Role.PROJECT_ADMIN,
    ("PUT", "/accessrights"): Role.PROJECT_ADMIN,
    ("DELETE", "/accessrights"): Role.PROJECT_ADMIN,
    ("GET", "/licences"): Role.PROJECT_ADMIN,
    ("PUT", "/licences"): Role.PROJECT_ADMIN,
    ("DELETE", "/licences"): Role.PROJECT_ADMIN,
    ("POST", "/availability/files"): Role.PUBLIC,
    ("GET", "/availability/files/{urn}"): Role.PUBLIC,
    ("POST", "/restore"): Role.REGISTERED_USER,
    ("POST", "/restore/{urn}"): Role.REGISTERED_USER,
    ("GET", "/entities/{urn}/access"): Role.PUBLIC,
    ("POST", "/entities/access"): Role.PUBLIC,
    ("GET", "/downloads/{urn}/metalink"): Role.PUBLIC,
    ("POST", "/downloads/metalink"): Role.PUBLIC,
    ("POST", "/downloads/plan"): Role.PUBLIC,
    ("GET", "/license"): Role.PUBLIC,
    ("PUT", "/license"): Role.PUBLIC,
    ("PUT", "/license/reset"): Role.ADMIN,
    ("GET", "/datasets/{urn}/license"): Role.PUBLIC,
    ("PUT", "/datasets/{urn}/license"): Role.PUBLIC,
    ("PUT", "/datasets/{urn}/license/reset"): Role.ADMIN,
    ("GET", "/downloads/{urn}/files/{checksum}"): Role.PUBLIC,
    ("HEAD", "/downloads/{urn}/files/{checksum}"): Role.PUBLIC,
    ("GET", "/downloads/{urn}/files/{checksum}/{filename}"): Role.PUBLIC,
    ("HEAD", "/downloads/{urn}/files/{checksum}/{filename}"): Role.PUBLIC,
    ("GET", "/stac"): Role.PUBLIC,
    ("GET", "/stac/conformance"): Role.PUBLIC,
    ("GET", "/stac/collections"): Role.PUBLIC,
    ("GET", "/stac/collections/{collection_id}"): Role.PUBLIC,
    ("GET", "/stac/collections/{collection_id}/items"): Role.PUBLIC,
    ("GET", "/stac/collections/{collection_id}/items/{item_id}"): Role.PUBLIC,
    ("GET", "/stac/search"): Role.PUBLIC,
    ("POST", "/stac/search"): Role.PUBLIC,
    ("GET", "/files/{checksum}/download"): Role.PROJECT_ADMIN,
    ("HEAD", "/files/{checksum}/download"): Role.PROJECT_ADMIN,
    ("GET", "/files/{checksum}/download/{filename}"): Role.PROJECT_ADMIN,
    ("HEAD", "/files/{checksum}/download/{filename}"): Role.PROJECT_ADMIN,
    ("GET", "/files/{checksum}/download/token"): Role.PUBLIC,
    ("HEAD", "/files/{checksum}/download/token"): Role.PUBLIC,
    ("GET", "/files/{checksum}/download/token/{filename}"): Role.PUBLIC,
    ("HEAD", "/files/{checksum}/download/token/{filename}"): Role.PUBLIC,
    ("POST", "/downloads/{urn}/files/{checksum}/tickets"): Role.REGISTERED_USER,
    ("GET", "/quota"): Role.PUBLIC,
    ("GET", "/quota/{user_email}"): Role.PROJECT_ADMIN,
    ("PUT", "/quota/{user_email}"): Role.PROJECT_ADMIN,
    ("DELETE", "/quota/{user_email}"): Role.PROJECT_ADMIN,
    ("DELETE", "/quota/{user_email}/limits"): Role.PROJECT_ADMIN,
    ("GET", "/quotas"): Role.PUBLIC,
    ("GET", "/quota/current"): Role.PUBLIC,
    ("GET", "/quota/current/{user_email}"): Role.PROJECT_ADMIN,
    ("POST", "/quota/currents"): Role.ADMIN,
    ("GET", "/quota/max"): Role.ADMIN,
    ("GET", "/quota/current/transfers"): Role.REGISTERED_USER,
    ("DELETE", "/quota/current/transfers/{transfer_id}"): Role.REGISTERED_USER,
    ("GET", "/settings"): Role.ADMIN,
    ("PUT", "/settings/{name}"): Role.ADMIN,
    ("DELETE", "/settings/{name}"): Role.ADMIN,
    ("GET", "/storages"): Role.PROJECT_ADMIN,
    ("POST", "/storages"): Role.PROJECT_ADMIN,
    ("GET", "/storages/{name}"): Role.PROJECT_ADMIN,
    ("PUT", "/storages/{name}"): Role.PROJECT_ADMIN,
    ("DELETE", "/storages/{name}"): Role.PROJECT_ADMIN,
    ("PUT", "/storages/{name}/up"): Role.PROJECT_ADMIN,
    ("PUT", "/storages/{name}/down"): Role.PROJECT_ADMIN,
    ("GET", "/files"): Role.PROJECT_ADMIN,
    ("POST", "/files"): Role.PROJECT_ADMIN,
    ("GET", "/files/{checksum}"): Role.PROJECT_ADMIN,
    ("DELETE", "/files/{checksum}/locations/{storage}"): Role.PROJECT_ADMIN,
    ("POST", "/files/{checksum}/locations/{storage}/verify"): Role.PROJECT_ADMIN,
    ("POST", "/files/availability/status"): Role.PUBLIC,
    ("GET", "/tickets"): Role.PROJECT_ADMIN,
    ("POST", "/tickets"): Role.PROJECT_ADMIN,
    ("GET", "/tickets/{ticket_id}"): Role.PROJECT_ADMIN,
    ("DELETE", "/tickets/{ticket_id}"): Role.PROJECT_ADMIN,
    ("GET", "/restorations"): Role.EXPLOIT,
    ("POST", "/restorations"): Role.EXPLOIT,
    ("GET", "/restorations/{group_id}"): Role.REGISTERED_USER,
    ("DELETE", "/restorations/{group_id}"): Role.EXPLOIT,
    ("POST", "/restorations/{group_id}/release"): Role.EXPLOIT,
    ("GET", "/plugins"): Role.PUBLIC,
    ("GET", "/maintenance"): Role.PROJECT_ADMIN,
    ("PUT", "/maintenance/{tenant}/enable"): Role.PROJECT_ADMIN,
    ("PUT", "/maintenance/{tenant}/disable"): Role.PROJECT_ADMIN,
    ("POST", "/oauth/token"): EVERYBODY,
    ("PUT", "/password"): Role.REGISTERED_USER,
    ("GET", "/users"): Role.PROJECT_ADMIN,
    ("PUT", "/users/{user_email}"): Role.PROJECT_ADMIN,
    ("DELETE", "/users/{user_email}"): Role.PROJECT_ADMIN,
    ("GET", "/tenants/{tenant}/issuers"): Role.INSTANCE_ADMIN,
    ("PUT", "/tenants/{tenant}/issuers/{name}"): Role.INSTANCE_ADMIN,
    ("DELETE", "/tenants/{tenant}/issuers/{name}"): Role.INSTANCE_ADMIN,
    ("GET", "/tenants"): Role.INSTANCE_ADMIN,
    ("POST", "/tenants"): Role.INSTANCE_ADMIN,
    ("DELETE", "/tenants/{tenant}"): Role.INSTANCE_ADMIN,
    ("GET", "/health/live"): EVERYBODY,
    ("GET", "/health/ready"): EVERYBODY,
    ("GET", "/metrics"): EVERYBODY,
    ("GET", "/problems"): EVERYBODY,
    ("GET", "/problems/{code}"): EVERYBODY,
}

WITHIN_THEIR_TENANT = {Role.SYSTEM}
"""Strong as they are: what crosses tenants is for INSTANCE_ADMIN alone."""

CASES = [pytest.param(verb, path, role, id=f"{verb} {path}") for (verb, path), role in ROUTES.items()]


def address(path: str) -> str:
    known = path.replace("{user_email}", "a@x.org").replace("/maintenance/{tenant}", f"/maintenance/{TENANT}")
    return known.replace("{", "").replace("}", "")


def test_the_table_names_every_route():
    served = {
        (method, route.path_format)
        for route in Service().app().routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/schema")
        for method in route.methods
        if method != "OPTIONS"
    }

    assert served == set(ROUTES)


@pytest.mark.parametrize(("verb", "path", "role"), CASES)
async def test_a_route_lets_in_whom_it_should_and_nobody_else(verb, path, role):
    service = Service()
    anonymous = {"scope": TENANT}
    callers = {each: service.bearer(each, "a@x.org") for each in Role} | {"anonymous": anonymous}

    async with service.client() as client:
        refused = {
            caller
            for caller, headers in callers.items()
            if await _is_refused(await client.request(verb, address(path), headers=headers))
        }
        nameless = await client.request(verb, address(path))

    outsiders = WITHIN_THEIR_TENANT if role is Role.INSTANCE_ADMIN else set()
    weaker = outsiders if role is EVERYBODY else outsiders | {each for each in Role if not each.is_at_least(role)}
    assert refused == weaker | ({"anonymous"} if Role.PUBLIC in weaker else set())
    assert (nameless.status_code == 401) == (role is not EVERYBODY)


async def _is_refused(answer) -> bool:
    """Whether the guard refused: its 403 has a body, except to HEAD; a refused ticket's has none."""
    return answer.status_code == 403 and answer.headers["content-length"] != "0"


def test_a_route_that_states_no_role_does_not_start():
    @get("/silent")
    async def silent() -> str:
        return ""

    with pytest.raises(ImproperlyConfiguredException, match="silent at /silent"):
        Service(extra_handlers=(silent,)).app()


async def test_a_route_for_everybody_asks_nobody_who_they_are():
    @get("/alive", opt=everybody())
    async def alive() -> str:
        return "yes"

    async with Service(extra_handlers=(alive,)).client() as client:
        answer = await client.get("/alive", headers={"authorization": "Bearer nonsense"})

    assert answer.text == "yes"


async def test_options_asks_nobody_who_they_are():
    async with Service().client() as client:
        answer = await client.options("/storages/disk-1")

    assert (answer.status_code, answer.headers["allow"]) == (204, "DELETE, GET, OPTIONS, PUT")
