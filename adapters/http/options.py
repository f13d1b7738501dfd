"""OPTIONS: the methods of an address, to everybody."""

from litestar.enums import HttpMethod, ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send


def answer_options(app: ASGIApp) -> ASGIApp:
    """Middleware that answers OPTIONS itself.

    Litestar's own handler knows only the methods that were registered first for a path, when a path has several.
    """

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != HttpMethod.OPTIONS:
            await app(scope, receive, send)
            return
        methods: set[str] = {"OPTIONS"}
        for route in scope["litestar_app"].routes:
            if isinstance(route, HTTPRoute) and route.path_format == scope["path_template"]:
                methods |= route.methods
        allow = ", ".join(sorted(methods))
        await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow.encode())]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return middleware
