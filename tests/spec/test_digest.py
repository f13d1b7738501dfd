"""Digests: which algorithms are known by which names, and what clients are told."""

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.digest import DigestFields, can_compute, canonical, digest_fields, hasher, matches

REFERENCES = {
    "MD5": lambda data: hashlib.md5(data).hexdigest(),
    "SHA-1": lambda data: hashlib.sha1(data).hexdigest(),
    "SHA": lambda data: hashlib.sha1(data).hexdigest(),
    "sha_256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA512": lambda data: hashlib.sha512(data).hexdigest(),
    "blake2b": lambda data: hashlib.blake2b(data).hexdigest(),
    "CRC32": lambda data: f"{zlib.crc32(data):08x}",
    "Adler-32": lambda data: f"{zlib.adler32(data):08x}",
}


@given(st.sampled_from(sorted(REFERENCES)), st.binary(max_size=200), st.integers(0, 200))
def test_a_hash_is_the_same_in_one_piece_or_two(algorithm, data, cut):
    computed = hasher(algorithm)
    assert computed is not None

    computed.update(data[:cut])
    computed.update(data[cut:])

    assert computed.hexdigest() == REFERENCES[algorithm](data)
    assert matches(computed.hexdigest(), REFERENCES[algorithm](data).upper())


def test_an_algorithm_that_we_cannot_compute_has_no_hash():
    assert hasher("SHA3-256") is None
    assert hasher("") is None


@pytest.mark.parametrize("spelling", ["SHA-256", "sha256", "SHA_256", "Sha-256"])
def test_spellings_are_one(spelling):
    assert canonical(spelling) == "sha256"


def test_a_checksum_printed_as_a_number_matches_without_its_leading_zeros():
    assert matches("0062004d", "62004D")
    assert not matches("0062004d", "062004d0")


def test_a_wrong_digest_does_not_match():
    assert not matches("00", "01")


@pytest.mark.parametrize(
    ("algorithm", "registered", "legacy"),
    [
        ("MD5", "md5", "MD5"),
        ("SHA-1", "sha", "SHA"),
        ("SHA-256", "sha-256", "SHA-256"),
        ("SHA512", "sha-512", "SHA-512"),
    ],
)
def test_clients_are_told_in_both_fields(algorithm, registered, legacy):
    checksum = REFERENCES.get(algorithm, REFERENCES.get("sha_256"))(b"x")
    encoded = base64.b64encode(bytes.fromhex(checksum)).decode()

    assert digest_fields(algorithm, checksum) == DigestFields(f"{registered}=:{encoded}:", f"{legacy}={encoded}")
    assert digest_fields(algorithm, checksum.upper()) == digest_fields(algorithm, checksum)


def test_adler_is_told_in_hexadecimal_by_the_older_field():
    """RFC 3230 section 4.1.1 writes ADLER32 in hexadecimal, RFC 9530 every algorithm in base64."""
    assert digest_fields("ADLER32", "03DA0195") == DigestFields("adler=:A9oBlQ==:", "ADLER32=03da0195")


@pytest.mark.parametrize(
    ("algorithm", "checksum"),
    [
        ("CRC32", "00000000"),
        ("blake2b", "0" * 128),
        ("SHA3-256", "0" * 64),
        ("MD5", "0" * 31),
        ("MD5", "g" * 32),
        ("MD5", "é" * 32),
        ("MD5", "any other identifier"),
    ],
)
def test_what_has_no_registered_name_or_is_no_digest_is_not_told(algorithm, checksum):
    assert digest_fields(algorithm, checksum) is None


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "sha_512", "CRC32", "Adler-32", "WHIRLPOOL", "", "SHA-3"])
def test_what_can_be_computed_is_what_has_a_hasher(algorithm):
    assert can_compute(algorithm) == (hasher(algorithm) is not None)
