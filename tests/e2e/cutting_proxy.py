"""A TCP proxy that hangs up on its first connections, each after so many bytes of answers."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import attrs


@attrs.define(eq=False)
class CuttingProxy:
    """``cuts`` says how many connections it has cut so far; at most ``most_cuts`` are."""

    target: int
    after_bytes: int
    most_cuts: int
    cuts: int = 0
    port: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["CuttingProxy"]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,))
            accepting.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                accepting.join()

    def _accept(self, listener: socket.socket) -> None:
        pumps: list[threading.Thread] = []
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            while True:
                client = stack.enter_context(listener.accept()[0])
                server = stack.enter_context(socket.create_connection(("127.0.0.1", self.target)))
                for pump in (
                    threading.Thread(target=self._pump, args=(client, server, None)),
                    threading.Thread(target=self._pump, args=(server, client, self.after_bytes)),
                ):
                    pump.start()
                    pumps.append(pump)
        for pump in pumps:
            pump.join()

    def _pump(self, source: socket.socket, sink: socket.socket, cut_after: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
                passed += len(data)
                if cut_after is not None and passed >= cut_after and self._may_cut():
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)

    def _may_cut(self) -> bool:
        with self._lock:
            if self.cuts >= self.most_cuts:
                return False
            self.cuts += 1
            return True
