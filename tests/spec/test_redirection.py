"""Who is sent to the storage itself: the rule as a table."""

from itertools import product

import attrs
import pytest

from domain.redirection import way_of
from domain.storage_location import Delivery
from tests import factories

R, S = Delivery.REDIRECT, Delivery.STREAM


@pytest.mark.parametrize(
    ("delivery", "verify", "can_sign", "parts", "limited", "allowed", "expected"),
    [
        (R, False, True, 1, False, False, R),
        (R, False, True, 1, True, True, R),
        (R, False, True, 1, True, False, S),
        (R, False, True, 2, False, False, S),
        (R, False, False, 1, False, False, S),
        (R, True, True, 1, False, False, S),
        (S, False, True, 1, False, False, S),
        (S, False, True, 1, True, True, S),
    ],
)
def test_the_rule(
    delivery: Delivery, verify: bool, can_sign: bool, parts: int, limited: bool, allowed: bool, expected: Delivery
) -> None:
    storage = attrs.evolve(factories.a_storage("s3"), delivery=delivery, verify=verify)

    found = way_of(
        storage, can_sign=can_sign, parts=parts, has_limited_ticket=limited, redirects_limited_tickets=allowed
    )

    assert found is expected


def test_nobody_is_redirected_unless_everything_allows_it() -> None:
    for delivery, verify, can_sign, parts, limited in product(
        (R, S), (True, False), (True, False), (1, 2), (True, False)
    ):
        storage = attrs.evolve(factories.a_storage("s3"), delivery=delivery, verify=verify)
        everything = delivery is R and not verify and can_sign and parts == 1 and not limited

        assert (way_of(storage, can_sign=can_sign, parts=parts, has_limited_ticket=limited) is R) == everything
