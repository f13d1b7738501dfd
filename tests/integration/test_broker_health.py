"""Whether a health page knows that the broker is gone."""

import os
import socket

import pytest

from adapters.amqp.health import BrokerCheck
from tests.integration.amqp_broker import AMQP_MARKS, AMQP_VARIABLE


@pytest.mark.anyio
async def test_a_broker_that_is_not_there_is_a_problem_and_its_address_a_secret():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    check = BrokerCheck(f"amqp://guest:password@127.0.0.1:{port}", vhost="")

    assert await check.problem() == "The broker does not answer (ConnectionRefusedError)."
    assert (check.name, check.is_vital) == ("broker", False)


class TestOnABroker:
    pytestmark = [pytest.mark.anyio, *AMQP_MARKS]

    async def test_a_broker_that_answers_is_none(self):
        assert await BrokerCheck(os.environ[AMQP_VARIABLE], vhost="").problem() is None

    async def test_a_virtual_host_that_is_not_there_is_a_problem(self):
        assert await BrokerCheck(os.environ[AMQP_VARIABLE], vhost="no-such-host").problem() is not None
