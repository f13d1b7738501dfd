"""Where names of S3 servers lead: to no address of the house that the operator has not listed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from adapters.storage.environment import PluginEnvironment
from adapters.storage.registry import PluginRegistry
from application.errors import StorageUnavailable
from tests import factories

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def internal_server() -> AsyncIterator[tuple[int, list[str]]]:
    """A server of the house: its port, and the first line of each request that reaches it."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.mark.parametrize("plugin_id", ["S3", "S3Glacier"])
@pytest.mark.parametrize(
    ("allowed", "is_reached"),
    [(("localhost:*",), False), (("*:*",), False), (("localhost:*", "127.0.0.1:*"), True), ((), True)],
    ids=["by its name", "by any name", "by its address", "by the operator alone"],
)
async def test_a_name_leads_into_the_house_only_where_the_address_is_listed(
    plugin_id: str, allowed: tuple[str, ...], *, is_reached: bool
) -> None:
    registry = PluginRegistry(environment=PluginEnvironment(allowed_hosts=allowed))
    async with internal_server() as (port, asked):
        endpoint = f"http://localhost:{port}"
        parameters: dict[str, object] = {
            "S3_Server_Endpoint": endpoint,
            "S3_Server_Region": "r",
            "S3_Server_Key": "k",
            "S3_Server_Secret": "s",
            "S3_Server_Bucket": "bucket",
        }
        configured = attrs.evolve(factories.a_storage(), plugin_id=plugin_id, parameters=parameters)

        with pytest.raises(StorageUnavailable):
            await registry.storage(configured).check(f"{endpoint}/bucket/key")
        await registry.aclose()

    assert bool(asked) is is_reached
