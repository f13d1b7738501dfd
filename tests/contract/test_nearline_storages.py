"""The nearline contract over the fake."""

import attrs
import pytest

from tests.contract.nearline import SleepingBench, SleepingContract
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage


@attrs.define
class MemoryBench:
    storage: InMemoryNearlineStorage

    def put(self, name: str, data: bytes) -> str:
        self.storage.put(f"memory:///{name}", data)
        return f"memory:///{name}"

    def finish(self, name: str) -> None:
        self.storage.finish(f"memory:///{name}")

    def expire(self, name: str) -> None:
        self.storage.expire(f"memory:///{name}")

    def remove(self, name: str) -> None:
        self.storage.remove(f"memory:///{name}")

    def foreign_urls(self) -> list[str]:
        return ["memory:///../secret"]


class TestInMemoryNearlineStorage(SleepingContract):
    @pytest.fixture
    def bench(self) -> SleepingBench:
        return MemoryBench(InMemoryNearlineStorage(FixedClock()))
