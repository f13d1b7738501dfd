"""Connections to the broker, with a time limit on everything."""

from kombu import Connection

CONNECT_SECONDS = 5.0
CONFIRM_SECONDS = 3.0
"""Well below half of any heartbeat: the broker's heartbeats restart the wait for a confirmation."""
WRITE_SECONDS = 10.0
"""A broker without memory stops to read; a send must not wait for it for ever."""


def connection(url: str, vhost: str | None, *, heartbeat: float) -> Connection:
    """A connection that is not open yet. ``vhost`` ``None`` keeps the one in the URL; heartbeats in seconds, 0 none."""
    return Connection(
        url,
        virtual_host=vhost,
        connect_timeout=CONNECT_SECONDS,
        heartbeat=heartbeat,
        transport_options={
            "confirm_publish": True,
            "write_timeout": WRITE_SECONDS,
            "client_properties": {"product": "rs-downloader"},
        },
    )
