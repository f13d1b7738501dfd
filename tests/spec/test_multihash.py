"""Checksums that name their algorithm."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.multihash import NamedChecksum, decoded, encoded

PLAIN = {"SHA-1": hashlib.sha1, "SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512, "MD5": hashlib.md5}
PREFIXES = {"SHA-1": "1114", "SHA-256": "1220", "SHA-512": "1340", "MD5": "d50110"}


@pytest.mark.parametrize("algorithm", PLAIN)
@given(content=st.binary(max_size=10))
def test_a_checksum_survives_both_ways(algorithm, content):
    digest = PLAIN[algorithm](content).hexdigest()

    multihash = encoded(algorithm, digest)

    assert multihash == PREFIXES[algorithm] + digest
    assert decoded(multihash) == NamedChecksum(algorithm, digest)
    assert decoded(multihash.upper()) == NamedChecksum(algorithm, digest)


@pytest.mark.parametrize(("algorithm", "same"), [("sha256", "SHA-256"), ("md5", "MD5"), ("SHA_1", "SHA-1")])
def test_names_of_algorithms_have_many_spellings(algorithm, same):
    digest = PLAIN[same](b"").hexdigest()

    assert encoded(algorithm, digest) == encoded(same, digest)


@pytest.mark.parametrize(
    ("algorithm", "checksum"),
    [("CRC32", "00000000"), ("MD5", "xyz"), ("MD5", "00"), ("MD5", ""), ("unknown", "00"), ("MD5", "0 " * 16)],
)
def test_what_has_no_multihash(algorithm, checksum):
    assert encoded(algorithm, checksum) is None


@pytest.mark.parametrize(
    "text", ["", "d5", "zz", "1220", "1220" + "00" * 31, "1220" + "00" * 33, "1420" + "00" * 32, "ff" * 40, "110100"]
)
def test_what_is_no_multihash(text):
    with pytest.raises(InvalidValue):
        decoded(text)


@given(st.text(max_size=40) | st.binary(max_size=40).map(bytes.hex))
def test_any_text_is_read_or_refused(text):
    try:
        found = decoded(text)
    except InvalidValue:
        return
    assert decoded(encoded(found.algorithm, found.checksum) or "") == found
