"""The contract of secret boxes over the fake and over AES; what only cryptography can get wrong; and its keys."""

import base64
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.security.private_files import UnusableKey
from adapters.security.secret_box import AesSecretBox
from adapters.security.secret_keys import SECRET_KEY_BYTES, secret_keys
from application.errors import SecretUnreadable
from application.ports.secrets import SecretBox, SecretPlace
from tests.fakes.in_memory_secrets import InMemorySecretBox

PLACE = SecretPlace(tenant="demo", storage="s3", parameter="S3_Server_Secret")

places = st.builds(SecretPlace, tenant=st.text(), storage=st.text(), parameter=st.text())
characters = st.characters(exclude_categories=())
"""All of them, lone surrogates too."""


def aes(*names: str) -> AesSecretBox:
    return AesSecretBox([hashlib.sha256(name.encode()).digest() for name in names])


Box = Callable[..., SecretBox]
every_box = pytest.mark.parametrize("box", [InMemorySecretBox, aes])


@every_box
@given(secret=st.text(characters), place=places)
def test_what_is_sealed_for_a_place_opens_there(box: Box, secret: str, place: SecretPlace):
    made = box("k1")

    assert made.open(made.seal(secret, place), place) == secret


@every_box
@given(secret=st.text(), place=places, other=places)
def test_what_is_sealed_for_one_place_opens_at_no_other(box: Box, secret: str, place: SecretPlace, other: SecretPlace):
    made = box("k1")
    sealed = made.seal(secret, place)

    if place != other:
        with pytest.raises(SecretUnreadable):
            made.open(sealed, other)


@every_box
def test_the_same_secret_looks_different_each_time(box: Box):
    made = box("k1")

    assert len({made.seal("hush", PLACE) for _ in range(20)}) == 20


@every_box
@given(st.text(min_size=1))
def test_what_was_never_sealed_does_not_open(box: Box, text: str):
    with pytest.raises(SecretUnreadable):
        box("k1").open(text, PLACE)


@every_box
def test_only_what_the_newest_key_sealed_is_newest(box: Box):
    old = box("k1").seal("hush", PLACE)
    both = box("k2", "k1")

    assert not both.is_newest(old)
    assert both.is_newest(both.seal("hush", PLACE))


class TestAesSecretBox:
    @given(secret=st.text(min_size=4))
    def test_what_is_sealed_tells_nothing_of_the_secret(self, secret: str):
        sealed = aes("k1").seal(secret, PLACE)

        payload = base64.urlsafe_b64decode(sealed.rpartition(".")[2])
        assert sealed.isascii()
        assert secret.encode() not in payload
        assert len(payload) == 12 + len(secret.encode()) + 16

    @given(secret=st.text(), data=st.data())
    def test_a_changed_bit_is_noticed(self, secret: str, data: st.DataObject):
        box = aes("k1")
        head, _, text = box.seal(secret, PLACE).rpartition(".")
        payload = bytearray(base64.urlsafe_b64decode(text))
        bit = data.draw(st.integers(0, len(payload) * 8 - 1))
        payload[bit // 8] ^= 1 << bit % 8

        with pytest.raises(SecretUnreadable, match="changed"):
            box.open(f"{head}.{base64.urlsafe_b64encode(payload).decode()}", PLACE)

    @given(secret=st.text(), cut=st.integers(1, 40))
    def test_what_was_cut_off_is_noticed(self, secret: str, cut: int):
        box = aes("k1")

        with pytest.raises(SecretUnreadable):
            box.open(box.seal(secret, PLACE)[:-cut], PLACE)

    def test_an_older_key_still_opens_and_a_lost_one_is_named(self):
        sealed = aes("k1").seal("hush", PLACE)

        assert aes("k2", "k1").open(sealed, PLACE) == "hush"
        with pytest.raises(SecretUnreadable, match=sealed.split(".")[1]):
            aes("k2").open(sealed, PLACE)

    def test_another_key_under_the_same_id_opens_nothing(self):
        """The id is no proof: only the key is."""
        sealed = aes("k1").seal("hush", PLACE)
        forged = aes("k2").seal("hush", PLACE)

        with pytest.raises(SecretUnreadable):
            aes("k1").open(".".join(("v1", sealed.split(".")[1], forged.split(".")[2])), PLACE)

    def test_a_refusal_never_quotes_what_is_sealed(self):
        sealed = aes("k1").seal("hush", PLACE)

        with pytest.raises(SecretUnreadable) as refused:
            aes("k2").open(sealed, PLACE)

        assert sealed.split(".")[2] not in str(refused.value)


def a_key(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * SECRET_KEY_BYTES).decode()


def test_the_first_start_makes_a_key_that_only_its_owner_can_read_and_that_stays(tmp_path: Path):
    path = tmp_path / "new" / "secrets.key"

    keys = secret_keys("", path)

    assert [len(key) for key in keys] == [SECRET_KEY_BYTES]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_keys("", path) == keys


def test_the_operators_keys_come_first_in_the_order_given_and_no_file_is_made(tmp_path: Path):
    keys = secret_keys(f"{a_key(1)}, {a_key(2)}", tmp_path / "secrets.key")

    assert keys == (bytes([1]) * 32, bytes([2]) * 32)
    assert list(tmp_path.iterdir()) == []


def test_a_file_holds_several_keys_newest_first(tmp_path: Path):
    path = tmp_path / "secrets.key"
    path.write_text(f"{a_key(2)}\n{a_key(1)}\n")
    path.chmod(0o600)

    assert secret_keys("", path) == (bytes([2]) * 32, bytes([1]) * 32)


@pytest.mark.parametrize("wrong", ["c2hvcnQ=", "no base64!", "x" * 44])
def test_a_key_that_is_none_is_refused_and_not_quoted(tmp_path: Path, wrong: str):
    with pytest.raises(UnusableKey, match="RS_DOWNLOADER_SECRET_KEYS: key 2") as refused:
        secret_keys(f"{a_key(1)},{wrong}", tmp_path / "secrets.key")

    assert wrong not in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="needs file modes")
def test_a_key_file_that_others_can_read_or_that_is_empty_is_refused(tmp_path: Path):
    path = tmp_path / "secrets.key"
    path.write_text(a_key(1))
    path.chmod(0o640)
    with pytest.raises(UnusableKey, match="chmod 600"):
        secret_keys("", path)

    path.write_text("\n")
    path.chmod(0o600)
    with pytest.raises(UnusableKey, match="empty"):
        secret_keys("", path)
