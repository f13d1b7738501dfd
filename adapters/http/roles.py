"""Every route states who may call it; a route without a statement does not start (DESIGN section 12).

There is one guard, a coroutine although it waits for nothing: for each guard and request Litestar copies the handler,
and runs a plain function in a thread.
"""

from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.exceptions import ImproperlyConfiguredException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute, WebSocketRoute

from domain.access import Caller, Role, require_instance_administrator
from domain.errors import Forbidden, TenantInMaintenance

ROLE_KEY = "role"
EVERYBODY_KEY = "everybody"
IN_MAINTENANCE_KEY = "in_maintenance"
CROSSES_TENANTS_KEY = "crosses_tenants"


def at_least(role: Role) -> dict[str, Any]:
    """``opt`` of a route that callers of this role or a stronger one may use."""
    return {ROLE_KEY: role}


def everybody() -> dict[str, Any]:
    """``opt`` of a route that needs no caller at all, such as a health page."""
    return {EVERYBODY_KEY: True}


def also_in_maintenance(role: Role) -> dict[str, Any]:
    """``opt`` of a route that changes something and is there during maintenance as well."""
    return {**at_least(role), IN_MAINTENANCE_KEY: True}


def instance_administrator() -> dict[str, Any]:
    """``opt`` of a route that concerns the tenants of the whole installation, in maintenance or not."""
    return {**also_in_maintenance(Role.INSTANCE_ADMIN), CROSSES_TENANTS_KEY: True}


async def admit(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # litestar's guard protocol leaves the parameters open
    """The guard for all routes. Raises ``ValidationException``, ``Forbidden``, ``TenantInMaintenance``."""
    refuse_nul(connection)
    require_role(connection, handler)
    refuse_in_maintenance(connection, handler)


def refuse_in_maintenance(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # as below
    """Raises ``TenantInMaintenance`` for what is no reading."""
    if stops_in_maintenance(handler, str(connection.scope.get("method"))) and connection.auth:
        raise TenantInMaintenance(connection.user.tenant)


def stops_in_maintenance(handler: BaseRouteHandler, method: str) -> bool:
    """Whether a route is not there while the caller's tenant is in maintenance."""
    if handler.opt.get(EVERYBODY_KEY) or handler.opt.get(IN_MAINTENANCE_KEY):
        return False
    return method.upper() not in {HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS}


def require_role(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # litestar's guard protocol leaves the parameters open
    """Raises ``Forbidden`` when the caller's role is too weak."""
    if handler.opt.get(EVERYBODY_KEY) or _is_options(connection):
        return
    caller: Caller = connection.user
    needed: Role = handler.opt[ROLE_KEY]
    if not caller.role.is_at_least(needed):
        raise Forbidden(f"This needs the role {needed.name}, and the caller has {caller.role.name}.")
    if handler.opt.get(CROSSES_TENANTS_KEY):
        require_instance_administrator(caller)


def _is_options(connection: ASGIConnection) -> bool:  # type: ignore[type-arg]  # as above
    """Litestar answers OPTIONS by itself, with nothing but the list of methods, to callers it has not identified."""
    return bool(connection.scope.get("method") == HttpMethod.OPTIONS)


def refuse_nul(connection: ASGIConnection) -> None:  # type: ignore[type-arg]  # as above
    """No name here holds a NUL, and PostgreSQL takes none. Raises ``ValidationException``."""
    query: bytes = connection.scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query or any("\x00" in str(text) for text in connection.path_params.values()):
        raise ValidationException("An address here never holds a NUL character.")


def provide_caller(request: ASGIConnection) -> Caller:  # type: ignore[type-arg]  # as above
    """The dependency ``caller``."""
    caller: Caller = request.user
    return caller


def check_every_route_states_a_role(app: Litestar) -> None:
    """Raise ``ImproperlyConfiguredException`` naming the routes that state neither a role nor ``everybody``."""
    silent = sorted(
        f"{handler.handler_name} at {route.path}"
        for route in app.routes
        for handler in _handlers(route)
        if not handler.opt.keys() & {ROLE_KEY, EVERYBODY_KEY}
    )
    if silent:
        raise ImproperlyConfiguredException("Routes without a stated role: " + ", ".join(silent))


def changing_operations(app: Litestar) -> set[tuple[str, str]]:
    """Path, as the OpenAPI document writes it, and method in lower case of every route that stops in maintenance."""
    return {
        (route.path_format, method.lower())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if stops_in_maintenance(handler, method)
    }


def _handlers(route: BaseRoute) -> list[Any]:
    """The handlers of a route, without the one for OPTIONS that Litestar adds to each."""
    if isinstance(route, HTTPRoute):
        return [handler for method, (handler, _) in route.route_handler_map.items() if method != HttpMethod.OPTIONS]
    if isinstance(route, ASGIRoute | WebSocketRoute):
        return [route.route_handler]
    raise ImproperlyConfiguredException(f"A route of unknown kind: {route.path}.")
