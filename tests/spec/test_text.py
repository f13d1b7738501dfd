"""Which texts can be names."""

import pytest

from domain.account import AccountKey
from domain.errors import InvalidValue
from domain.text import is_storable
from tests import factories


@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "a\udfff"])
def test_what_no_database_takes_is_no_name(text: str) -> None:
    assert not is_storable(text)
    with pytest.raises(InvalidValue):
        factories.a_file(file_name=text)
    with pytest.raises(InvalidValue):
        AccountKey.of_user("demo", text)


@pytest.mark.parametrize("text", ["a", "ü\u2603", "\U0001f6f0", " ", "\n"])
def test_other_texts_are(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize("checksum", ["a/b", ".", "..", "/"])
def test_a_checksum_fits_into_a_segment_of_a_url(checksum: str) -> None:
    with pytest.raises(InvalidValue):
        factories.a_file(checksum)
