"""The HTTP application: routes, callers, roles and errors put together; who builds the use cases is not known here."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from inspect import signature
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.types import Middleware

from adapters.http.answering import handle_exception
from adapters.http.authentication import AuthenticationMiddleware, Authenticator
from adapters.http.bodies import TolerantRequest
from adapters.http.cross_origin import CROSS_ORIGIN
from adapters.http.openapi import openapi_config
from adapters.http.options import answer_options
from adapters.http.profiles import route_handlers_of
from adapters.http.roles import admit, check_every_route_states_a_role, provide_caller
from domain.profile import EVERY_PROFILE, Profile

LARGEST_BODY_BYTES = 10 * 1024 * 1024


def create_app(
    *,
    dependencies: Mapping[str, Provide],
    authenticator: Authenticator,
    version: str,
    profiles: frozenset[Profile] = EVERY_PROFILE,
    lifespan: Sequence[Callable[[Litestar], Any]] = (),
    extra_handlers: Sequence[Any] = (),
    middleware: Sequence[Middleware] = (),
) -> Litestar:
    """The application.

    ``dependencies`` holds every use case under its snake-case name, of whatever profile; the routes are those of
    ``profiles``. ``middleware`` runs before the caller is known. ``extra_handlers`` state their role as ours do.

    Raises ``ImproperlyConfiguredException`` for a dependency that is missing and for a route without a stated role.
    """
    given = {**dependencies, "caller": Provide(provide_caller, sync_to_thread=False)}
    handlers = [_with_its_own(given, handler) for handler in (*route_handlers_of(profiles), *extra_handlers)]
    app = Litestar(
        route_handlers=handlers,
        guards=[admit],
        cors_config=CROSS_ORIGIN,
        middleware=[
            *middleware,
            answer_options,
            DefineMiddleware(AuthenticationMiddleware, authenticator=authenticator),
        ],
        exception_handlers={Exception: handle_exception},
        lifespan=list(lifespan),
        openapi_config=openapi_config(version),
        request_class=TolerantRequest,
        request_max_body_size=LARGEST_BODY_BYTES,
        logging_config=None,
    )
    check_every_route_states_a_role(app)
    return app


def _with_its_own(dependencies: Mapping[str, Provide], handler: BaseRouteHandler) -> BaseRouteHandler:
    """The route with those dependencies that it names.

    Litestar compares all dependencies of a route with each other: were each route given all of them, that alone would
    take a third of the start.
    """
    own = copy(handler)
    own.dependencies = {name: dependencies[name] for name in signature(handler.fn).parameters if name in dependencies}
    return own
