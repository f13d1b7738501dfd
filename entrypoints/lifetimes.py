"""What lives as long as a process works: closed in reverse order when it ends."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from adapters.persistence.catalogue_finder import SqlCatalogueFinder
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.ledger import SqlLedger
from adapters.storage.registry import PluginRegistry


@asynccontextmanager
async def opened(adapters: Any) -> AsyncIterator[None]:
    """The connections of an ``Adapters`` container. They connect at first use and are closed here."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(adapters.engine().dispose)
        ledger: SqlLedger = adapters.ledger()
        stack.push_async_callback(ledger.aclose)
        finder: SqlFileFinder = adapters.file_finder()
        stack.push_async_callback(finder.aclose)
        catalogue_finder: SqlCatalogueFinder = adapters.catalogue_finder()
        stack.push_async_callback(catalogue_finder.aclose)
        registry: PluginRegistry = adapters.storage_registry()
        stack.push_async_callback(registry.aclose)
        yield
