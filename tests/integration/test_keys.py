"""The key of session tokens on disk."""

import os
import stat
from pathlib import Path

import pytest

from adapters.security.keys import KEY_BYTES, load_or_create_key, signing_key
from adapters.security.private_files import UnusableKey, create


def test_the_first_start_makes_a_key_that_only_its_owner_can_read(tmp_path: Path):
    path = tmp_path / "new" / "jwt.key"

    key = load_or_create_key(path)

    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["jwt.key"]


def test_the_key_stays_the_same(tmp_path: Path):
    assert load_or_create_key(tmp_path / "jwt.key") == load_or_create_key(tmp_path / "jwt.key")


def test_two_installations_have_different_keys(tmp_path: Path):
    assert load_or_create_key(tmp_path / "a") != load_or_create_key(tmp_path / "b")


def test_of_two_processes_that_start_at_once_the_first_makes_the_key(tmp_path: Path):
    path = tmp_path / "jwt.key"
    first = load_or_create_key(path)

    create(path, b"another")

    assert load_or_create_key(path) == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["jwt.key"]


@pytest.mark.skipif(os.name != "posix", reason="needs file modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_use_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "jwt.key"
    load_or_create_key(path)
    path.chmod(mode)

    with pytest.raises(UnusableKey, match="chmod 600"):
        load_or_create_key(path)


def test_a_short_key_is_refused(tmp_path: Path):
    path = tmp_path / "jwt.key"
    path.touch(mode=0o600)

    with pytest.raises(UnusableKey, match="0 bytes"):
        load_or_create_key(path)


def test_the_operators_key_is_used_and_no_file_is_made(tmp_path: Path):
    assert signing_key("s" * KEY_BYTES, tmp_path / "jwt.key") == b"s" * KEY_BYTES
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_of_the_operator_is_refused_without_quoting_it(tmp_path: Path):
    with pytest.raises(UnusableKey) as refused:
        signing_key("hush", tmp_path / "jwt.key")

    assert "hush" not in str(refused.value)


def test_without_a_key_of_the_operator_the_file_is_used(tmp_path: Path):
    assert signing_key("", tmp_path / "jwt.key") == load_or_create_key(tmp_path / "jwt.key")
