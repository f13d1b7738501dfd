"""The system's clocks and identifiers keep what the ports promise."""

from datetime import UTC

from adapters.system.clock import SystemClock
from adapters.system.identifiers import SystemIds


def test_time_is_in_utc_and_never_steps_back():
    clock = SystemClock()
    before = clock.monotonic()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before


def test_identifiers_are_unique_and_fit_into_an_address():
    ids = SystemIds()
    made = [ids.new_id() for _ in range(1000)]

    assert len(set(made)) == len(made)
    assert all(name.isalnum() for name in made)


def test_a_secret_has_256_bits_and_fits_into_an_address():
    secret = SystemIds().new_secret()

    assert len(secret) == 43
    assert secret.replace("-", "").replace("_", "").isalnum()
