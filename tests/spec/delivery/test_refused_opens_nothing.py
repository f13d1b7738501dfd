"""A refusal costs the storage nothing: the quota is asked before any copy is opened."""

import pytest

from application.use_cases.download_answers import Refused
from tests.spec.delivery.service import Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("limits", [{"max_quota": 0}, {"rate_limit": 0}], ids=["quota", "rate"])
async def test_a_refused_download_costs_its_storage_nothing(limits: dict[str, int]) -> None:
    service = Service()
    service.add_file(b"a small file", "disk", "other")
    await service.limit(**limits)

    result = await service.ask()

    assert isinstance(result, Refused)
    assert [service.storage(name).sources for name in ("disk", "other")] == [[], []]


async def test_a_granted_one_opens_one_copy() -> None:
    service = Service()
    service.add_file(b"a small file", "disk", "other")

    await service.fetch()

    assert [len(service.storage(name).sources) for name in ("disk", "other")] == [1, 0]
