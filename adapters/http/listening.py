"""Where the server listens. Loads no web framework, which takes a while: commands need it, too."""

import contextlib
import socket

BACKLOG = 2048
NOT_SENT_BYTES = 128 * 1024
"""What the kernel queues for a client beyond what the network takes: bounds memory and keeps progress honest."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A TCP socket that listens on ``host`` (name or address, IPv4 or IPv6) and ``port`` (0 takes a free one).

    Accepted connections inherit ``TCP_NOTSENT_LOWAT``. Raises ``OSError`` when the address cannot be had.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    sock = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        # A kernel without it serves as well, with more memory per slow client.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT_BYTES)
    return sock
