"""One bucket, reached through one client that is opened at its first use and closed once."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import attrs

from adapters.storage.http_hosts import AllowedHosts
from adapters.storage.s3.parameters import S3Parameters
from adapters.storage.sharing import Sharing
from application.errors import CopyMissing, StorageUnavailable

try:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

    from adapters.storage.s3.errors import CLIENT_ERRORS, is_missing, port_error
    from adapters.storage.s3.http_session import BoundedHTTPSession, CheckedResolver, socket_factory
except ImportError as error:
    raise ImportError("aiobotocore is not there; install rs-downloader[s3]") from error

ATTEMPTS = 3
"""Of each request, by the client itself: connections that fail, 5xx, SlowDown."""


@attrs.frozen
class Body:
    """The bytes of one answer as they come. The client's buffer is bounded: it stops reading the connection."""

    _raw: Any

    async def read(self, length: int) -> bytes:
        """Up to ``length`` bytes that are there; none at the end. Raises ``StorageUnavailable``."""
        try:
            data: bytes = await self._raw.read(length)
        except CLIENT_ERRORS as error:
            raise port_error(error) from error
        return data

    def close(self) -> None:
        """Release the connection: kept when the body was read to its end, else closed."""
        self._raw.close()


@attrs.define(eq=False)
class Bucket:
    """Requests about one bucket; what fails is an error of the port."""

    parameters: S3Parameters
    hosts: AllowedHosts | None = None
    """To which addresses names may lead; any when ``None``."""
    _open: dict[str, Any] = attrs.field(factory=dict)
    _opening: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    sharing: Sharing = attrs.field(init=False)
    """Counts requests and open sources, so that those outlive the storage."""

    def __attrs_post_init__(self) -> None:
        self.sharing = Sharing(self._stack.aclose)

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """The answer to one operation, by the client's name for it, on this bucket.

        Raises ``CopyMissing``, ``CopyChanged``, ``CopyNotRestored``, ``StorageUnavailable``.
        """
        self.sharing.enter()
        try:
            return await self._call(operation, arguments)
        finally:
            await self.sharing.leave()

    async def _call(self, operation: str, arguments: Mapping[str, object]) -> dict[str, Any]:
        client = await self._client(self.parameters.endpoint)
        try:
            answer: dict[str, Any] = await getattr(client, operation)(Bucket=self.parameters.bucket, **arguments)
        except CLIENT_ERRORS as error:
            if operation == "head_object" and is_missing(error):
                await self._require_bucket(client)
            raise port_error(error) from error
        return answer

    async def get(self, **arguments: object) -> tuple[dict[str, Any], Body]:
        """The head and the body of an object, for a source that has entered ``sharing``. Raises as ``call``."""
        answer = await self._call("get_object", arguments)
        return answer, Body(answer["Body"])

    async def pages(self, prefix: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Every object whose key begins with the prefix, page by page. Raises ``StorageUnavailable``."""
        following: dict[str, str] = {}
        while True:
            page = await self.call("list_objects_v2", Prefix=prefix, **following)
            yield page.get("Contents", [])
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    async def signed_url(self, seconds: int, arguments: Mapping[str, object]) -> str:
        """A URL for one GET with these arguments, which needs no other permission."""
        self.sharing.enter()
        try:
            client = await self._client(self.parameters.public_endpoint or self.parameters.endpoint)
            url: str = await client.generate_presigned_url(
                "get_object", Params={"Bucket": self.parameters.bucket, **arguments}, ExpiresIn=seconds
            )
        except CLIENT_ERRORS as error:
            raise port_error(error) from error
        finally:
            await self.sharing.leave()
        return url

    async def aclose(self) -> None:
        """Close the client as soon as nobody uses it any more. Safe to call twice."""
        await self.sharing.retire()

    async def _require_bucket(self, client: Any) -> None:
        """HEAD has no body to tell a missing object from a missing bucket."""
        try:
            await client.head_bucket(Bucket=self.parameters.bucket)
        except CLIENT_ERRORS as error:
            if isinstance(port_error(error), CopyMissing):
                raise StorageUnavailable("The S3 server has no such bucket.") from error

    async def _client(self, endpoint: str) -> Any:
        if endpoint in self._open:
            return self._open[endpoint]
        async with self._opening:
            if endpoint not in self._open:
                try:
                    self._open[endpoint] = await self._stack.enter_async_context(self._new_client(endpoint))
                except (*CLIENT_ERRORS, ValueError) as error:
                    raise StorageUnavailable(f"The S3 client cannot be opened ({type(error).__name__}).") from error
            return self._open[endpoint]

    def _new_client(self, endpoint: str) -> Any:
        own = self.parameters
        return _session().create_client(
            "s3",
            region_name=own.region,
            endpoint_url=endpoint,
            aws_access_key_id=own.key,
            aws_secret_access_key=own.secret,
            config=AioConfig(
                signature_version="s3v4",
                s3={"addressing_style": own.addressing},
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                max_pool_connections=own.connections,
                connect_timeout=own.connect_timeout,
                read_timeout=own.read_timeout,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                warm_up_loader_caches=True,
                http_session_cls=BoundedHTTPSession,
                connector_args=self._connector(),
            ),
        )

    def _connector(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if self.parameters.receive_buffer:
            arguments["socket_factory"] = socket_factory(self.parameters.receive_buffer)
        if self.hosts is not None:
            arguments["resolver"] = CheckedResolver(self.hosts)
        return arguments


@cache
def _session() -> AioSession:
    """Shared by all storages, for it holds the description of the service and nothing of theirs.

    The configuration files of whoever runs the service are left alone: a storage is what its parameters say.
    """
    session = AioSession()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    return session
