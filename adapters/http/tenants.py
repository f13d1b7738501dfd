"""Tenants that this installation serves."""

from typing import Any
from urllib.parse import quote

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from adapters.http.roles import instance_administrator
from application.use_cases.add_tenant import AddTenant
from application.use_cases.list_tenants import ListTenants
from application.use_cases.remove_tenant import RemoveTenant
from domain.access import Role
from domain.errors import NotFound


class TenantName(Payload):
    """A tenant."""

    name: str


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    options = operation(operation_id, summary, role=Role.INSTANCE_ADMIN, tag="tenants", **more)
    return {**options, "opt": instance_administrator()}


@get(
    "/tenants",
    **_operation("retrieveTenants", "List tenants", answer=list[TenantName], example=[{"name": "demo"}]),
)
async def list_all_tenants(list_tenants: NamedDependency[SkipValidation[ListTenants]]) -> list[TenantName]:
    """By name."""
    return [TenantName(name=name) for name in await list_tenants.execute()]


@post(
    "/tenants",
    **_operation(
        "addTenant",
        "Serve a tenant",
        status=201,
        answer=TenantName,
        example={"name": "demo"},
        problems=(409, 422),
        also=(200,),
    ),
)
async def create_tenant(
    data: JSONBody[TenantName], add_tenant: NamedDependency[SkipValidation[AddTenant]]
) -> Response[TenantName]:
    """200 when it is served already. 409 for about a minute after a tenant of this name was removed."""
    is_new = await add_tenant.execute(data.name)
    location = {"location": f"/tenants/{quote(data.name, safe='')}"} if is_new else {}
    return Response(data, status_code=201 if is_new else 200, headers=location)


@delete(
    "/tenants/{tenant:str}",
    **_operation("removeTenant", "Remove a tenant with everything it has here", status=204, problems=(404,)),
)
async def delete_tenant(
    tenant: FromPath[str],
    remove_tenant: NamedDependency[SkipValidation[RemoveTenant]],
) -> None:
    """Its running downloads end within seconds. No byte of a storage is deleted. It cannot be undone."""
    if not await remove_tenant.execute(tenant):
        raise NotFound(f"There is no tenant {tenant!r}.")


route_handlers = (list_all_tenants, create_tenant, delete_tenant)
