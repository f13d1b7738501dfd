"""The tests that every storage plugin passes, for pytest: subclass a suite and give it a ``bench`` fixture.

Only who runs tests imports this package: it needs pytest, and the plugin for pytest that anyio brings.
"""

import pytest

pytest.register_assert_rewrite(
    "adapters.storage.conformance.capabilities",
    "adapters.storage.conformance.plugin",
    "adapters.storage.conformance.storage",
)

from adapters.storage.conformance.bench import (  # noqa: E402 — after their assertions are told to explain themselves.
    DATA,
    Bench,
    ListingBench,
    NearlineBench,
    SigningBench,
    located,
    read_all,
)
from adapters.storage.conformance.capabilities import (  # noqa: E402 — as above.
    ListingContract,
    NearlineContract,
    SigningContract,
)
from adapters.storage.conformance.plugin import PluginContract  # noqa: E402 — as above.
from adapters.storage.conformance.storage import StorageContract  # noqa: E402 — as above.

__all__ = [
    "DATA",
    "Bench",
    "ListingBench",
    "ListingContract",
    "NearlineBench",
    "NearlineContract",
    "PluginContract",
    "SigningBench",
    "SigningContract",
    "StorageContract",
    "located",
    "read_all",
]
