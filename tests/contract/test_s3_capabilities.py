"""What an S3 storage can do besides being read, by the suites that outsiders run on theirs."""

from collections.abc import AsyncIterator

import attrs
import httpx
import pytest

from adapters.storage.conformance import ListingContract, SigningContract
from tests.contract.test_s3_storage import S3Bench, storage_of
from tests.s3_servers import S3Server
from tests.tools import needs_tools

pytestmark = needs_tools


@attrs.define
class CapableBench(S3Bench):
    prefix: str = ""

    async def fetch(self, url: str) -> bytes:
        async with httpx.AsyncClient() as client:
            answer = await client.get(url)
        answer.raise_for_status()
        return answer.content


@pytest.fixture
async def bench(s3_server: S3Server) -> AsyncIterator[CapableBench]:
    bucket = s3_server.new_bucket()
    storage = storage_of(bucket)
    yield CapableBench(bucket, storage)
    await storage.aclose()


class TestListing(ListingContract):
    pass


class TestSigning(SigningContract):
    pass
