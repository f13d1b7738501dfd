"""Many clients at once that count from outside: the observer of exactness, which is not the ledger."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence

SIZE = 2 * 1024 * 1024
BUFFERED = 1024 * 1024
"""More than the sockets of both ends hold: while this much is missing, the server is surely still sending."""

RECEIVE_BUFFER = 64 * 1024


class Observer:
    """Counts what the clients see: downloads that have begun and cannot have ended.

    ``at_once`` is how many there are now, ``most`` how many there ever were. Every client asks until it has the file
    (``completed``), its download broke off (``broken``), or the quota is used up (``refused_for_quota``). ``statuses``
    counts every answer.
    """

    def __init__(
        self, expected: bytes, *, rate_limit: int, on_grant: Callable[[int], None] = lambda _count: None
    ) -> None:
        self.at_once = 0
        self.most = 0
        self.granted = 0
        self.completed = 0
        self.broken = 0
        self.refused_for_quota = 0
        self.statuses: Counter[int] = Counter()
        self._expected = expected
        self._rate_sentence = f"Download rate of {rate_limit} exceeded"
        self._on_grant = on_grant

    async def all_at_once(self, ports: Sequence[int], path: str, token: str, requests: int) -> None:
        """So many clients, spread over the servers on these ports of loopback."""
        question = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        await asyncio.gather(*(self._client(ports, question.encode(), number) for number in range(requests)))

    async def _client(self, ports: Sequence[int], question: bytes, number: int) -> None:
        """Ask one server after the other, beginning with its own, until there is an end to it."""
        while not await self._is_over(ports[number % len(ports)], question):
            number += 1

    async def _is_over(self, port: int, question: bytes) -> bool:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        client.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=client, limit=RECEIVE_BUFFER)
        except ConnectionError:
            # The server is gone: it is another one's turn, after a while.
            client.close()
            await asyncio.sleep(0.05)
            return False
        try:
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split()[1])
            self.statuses[status] += 1
            if status != 200:
                return self._is_final(status, head.decode().lower(), (await reader.read()).decode())
            await self._receive(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            # It went while it was asked: whether it had begun is not known, and nothing of the file has come.
            return False
        else:
            return True
        finally:
            writer.close()

    def _is_final(self, status: int, head: str, text: str) -> bool:
        if status == 429 and text.startswith("Download quota"):
            self.refused_for_quota += 1
            return True
        if status == 500:
            # Counted; the log says more than the answer, and the test reads both.
            return True
        assert status == 503 or text.startswith(self._rate_sentence), (head, text)
        assert "\r\nretry-after: " in head, head
        return False

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        self.granted += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self._on_grant(self.granted)
        received, is_sending = bytearray(), True
        while chunk := await _read(reader):
            received += chunk
            if is_sending and len(received) >= SIZE - BUFFERED:
                is_sending = False
                self.at_once -= 1
        self.at_once -= is_sending
        if len(received) < SIZE:
            assert self._expected.startswith(received)
            self.broken += 1
        else:
            assert received == self._expected
            self.completed += 1


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What comes next; nothing at the end, and when the server was killed."""
    try:
        return await reader.read(RECEIVE_BUFFER)
    except ConnectionError:
        return b""
