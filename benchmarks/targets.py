"""What a client asks of whom: a process, its port and a request."""

import attrs


@attrs.frozen(kw_only=True)
class Target:
    """A running server. ``pid`` is the process that does the work."""

    name: str
    port: int
    pid: int


@attrs.frozen(kw_only=True)
class Ask:
    """A GET request to a target."""

    port: int
    path: str
    token: str = ""
    host: str = "127.0.0.1"

    def message(self, *, byte_range: str = "", method: str = "GET") -> bytes:
        """The request as bytes."""
        lines = [f"{method} {self.path} HTTP/1.1", f"Host: {self.host}"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if byte_range:
            lines.append(f"Range: bytes={byte_range}")
        return "\r\n".join([*lines, "", ""]).encode()
