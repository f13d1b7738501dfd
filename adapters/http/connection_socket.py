"""What the kernel knows of one TCP connection: a second handle on a socket that an event loop's transport owns."""

import asyncio
import os
import socket
import struct
import sys

if sys.platform == "linux":
    import fcntl
    import termios

_ACKED_OFFSET = 120
_TCP_INFO_BYTES = 128
"""``tcpi_bytes_acked`` is a u64 at offset 120 of ``struct tcp_info`` (linux/tcp.h, since 4.1; the layout is ABI)."""


class ConnectionSocket:
    """A ``dup()`` of the transport's socket.

    Both event loops refuse ``add_writer`` on a descriptor that a transport owns, and the duplicate still answers after
    the transport has closed its own: Linux keeps the counters of a connection that was reset. Must be closed.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return self._socket.fileno()

    def acknowledged_bytes(self) -> int | None:
        """Bytes since the connection began that the peer's kernel has acknowledged; ``None`` where nobody knows."""
        if sys.platform != "linux":
            return None
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except OSError:
            return None
        if len(info) < _TCP_INFO_BYTES:
            return None
        acknowledged: int = struct.unpack_from("=Q", info, _ACKED_OFFSET)[0]
        return acknowledged

    def accepted_bytes(self) -> int | None:
        """Bytes since the connection began that our kernel has accepted: the acknowledged ones and its send queue."""
        acknowledged = self.acknowledged_bytes()
        if sys.platform != "linux" or acknowledged is None:
            return None
        queued: int = struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        return acknowledged + queued

    def is_connected(self) -> bool:
        """Whether the connection still exists; tells an error of the socket from the same error of a file."""
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def reset_on_close(self) -> None:
        """Make the last close drop what is queued and tell the peer by RST that the response was cut."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        """Release the handle. Safe to call twice."""
        self._socket.close()
