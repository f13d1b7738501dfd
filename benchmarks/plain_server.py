"""The reference where nginx is missing: threads, blocking sockets and ``os.sendfile``, nothing else.

``python -m benchmarks.plain_server FOLDER PORT``
"""

import os
import re
import socket
import sys
import threading
from pathlib import Path

_RANGE = re.compile(rb"^range: bytes=(\d+)-(\d*)\r$", re.IGNORECASE | re.MULTILINE)


def main(folder: str, port: str) -> None:
    """Serve until killed."""
    with socket.create_server(("127.0.0.1", int(port)), backlog=1024) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, Path(folder)), daemon=True).start()


def _serve(client: socket.socket, folder: Path) -> None:
    received = b""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client:
        while True:
            while b"\r\n\r\n" not in received:
                data = client.recv(65536)
                if not data:
                    return
                received += data
            request, _, received = received.partition(b"\r\n\r\n")
            name = request.split()[1].decode().rpartition("/")[2]
            with (folder / name).open("rb") as file:
                try:
                    _answer(client, request + b"\r\n", file.fileno())
                except (BrokenPipeError, ConnectionResetError):
                    return


def _answer(client: socket.socket, request: bytes, file: int) -> None:
    size = os.fstat(file).st_size
    offset, end = 0, size
    status = b"200 OK"
    if found := _RANGE.search(request):
        status = b"206 Partial Content"
        offset = int(found[1])
        end = min(size, int(found[2]) + 1) if found[2] else size
    client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, end - offset))
    while offset < end and not request.startswith(b"HEAD "):
        offset += os.sendfile(client.fileno(), file, offset, end - offset)


if __name__ == "__main__":
    main(*sys.argv[1:])
