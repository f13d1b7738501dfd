"""Reading request bodies that anybody may have written."""

from typing import Any

from litestar import Request
from litestar.exceptions import ClientException


class TolerantRequest(Request[Any, Any, Any]):
    """A request whose unreadable JSON is the client's mistake, whatever is wrong with it."""

    async def json(self) -> Any:
        """The decoded body. Raises ``ClientException`` (400) also where Litestar 2.25 lets msgspec's error through."""
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise ClientException(detail="The body is not UTF-8.") from error
        except RecursionError as error:
            raise ClientException(detail="The body is nested too deeply.") from error
