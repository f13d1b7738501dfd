"""Connections to the broker, with a time limit on everything."""

from urllib.parse import quote, urlsplit, urlunsplit

from kombu import Connection

CONNECT_SECONDS = 5.0
CONFIRM_SECONDS = 3.0
"""Well below half of any heartbeat: the broker's heartbeats restart the wait for a confirmation."""
WRITE_SECONDS = 10.0
"""A broker without memory stops to read; a send must not wait for it for ever."""


def connection(url: str, vhost: str, *, heartbeat: float, confirm_each: bool = True) -> Connection:
    """A connection that is not open yet. ``vhost`` empty is the one in the URL; heartbeats in seconds, 0 none.

    ``confirm_each`` makes every publishing wait for its confirmation.
    """
    return Connection(
        _with_vhost(url, vhost) if vhost else url,
        connect_timeout=CONNECT_SECONDS,
        heartbeat=heartbeat,
        transport_options={
            "confirm_publish": confirm_each,
            "write_timeout": WRITE_SECONDS,
            "client_properties": {"product": "rs-downloader"},
        },
    )


def _with_vhost(url: str, vhost: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(vhost, safe='')}"))
