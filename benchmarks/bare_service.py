"""The service with one more route, which sends a small file without looking it up or counting it.

Everything else is the same: server, framework, authentication, request log. ``python -m benchmarks.bare_service FILE``
"""

import os
import sys
from typing import cast

from litestar import get
from litestar.response.base import ASGIResponse

from adapters.http import server
from adapters.http.listening import listening_socket
from adapters.http.roles import at_least
from adapters.telemetry import logs
from adapters.telemetry.requests import ASGIApp, RequestLog
from domain.access import Role
from entrypoints.http import container_for, create_from
from entrypoints.settings import Settings


def main(path: str) -> None:
    """Serve until stopped."""
    settings = Settings.from_environ(also_known=["RS_DOWNLOADER_TENANT"])
    logs.configure(level=settings.log_level, as_json=True)
    file = os.open(path, os.O_RDONLY)
    size = os.fstat(file).st_size

    @get("/bare", opt=at_least(Role.PROJECT_ADMIN))
    async def bare() -> ASGIResponse:
        return ASGIResponse(body=os.pread(file, size, 0), headers={"etag": '"bare"', "accept-ranges": "bytes"})

    container = container_for(settings)
    app = create_from(container)
    app.register(bare)
    listener = listening_socket(settings.host, settings.port)
    server.serve(
        RequestLog(cast("ASGIApp", app), container.adapters.ids(), container.adapters.clock()),
        listener,
        on_started=lambda: print(f"Listening on http://127.0.0.1:{listener.getsockname()[1]} ", flush=True),
        log_level=settings.log_level,
    )


if __name__ == "__main__":
    main(sys.argv[1])
