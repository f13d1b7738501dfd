"""Whether the broker answers."""

import anyio.to_thread
from kombu.exceptions import KombuError

from adapters.amqp.connecting import connection
from application.ports.health import HealthCheck


class BrokerCheck(HealthCheck):
    """A connection that is opened and closed. Not vital: downloads go on without it, and events wait."""

    def __init__(self, url: str, *, vhost: str) -> None:
        self._url = url
        self._vhost = vhost

    @property
    def name(self) -> str:
        return "broker"

    @property
    def is_vital(self) -> bool:
        return False

    async def problem(self) -> str | None:
        # The caller waits less long than a connection may take: the thread is left to find its own end.
        return await anyio.to_thread.run_sync(self._connect, abandon_on_cancel=True)

    def _connect(self) -> str | None:
        line = connection(self._url, self._vhost, heartbeat=0)
        try:
            line.connect()
        except (*line.connection_errors, *line.channel_errors, KombuError, OSError) as error:
            return f"The broker does not answer ({type(error).__name__})."
        finally:
            line.release()
        return None
