"""Files, copies and storages: what a valid record is, and the entity tag of a file."""

import re

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.file import DataType
from domain.storage_location import StorageLocation, StorageType
from tests import strategies
from tests.factories import NOW, a_file, a_location, a_storage

ENTITY_TAG = re.compile('"[\x21\x23-\x7e]*"')
"""RFC 9110 section 8.8.3, without the obsolete bytes above ASCII."""


@given(strategies.CHECKSUMS, strategies.CHECKSUMS)
@example('"', "%22")
@example("%22", "%2522")
@example("é", "%c3%a9")
@example("\u00e9", "%c3a9")
@example("\u0432", "\u04320")
def test_distinct_checksums_have_distinct_entity_tags(one, other):
    tags = a_file(one).e_tag, a_file(other).e_tag

    assert (tags[0] == tags[1]) is (one == other)
    assert all(ENTITY_TAG.fullmatch(tag) for tag in tags)


def test_a_usual_checksum_is_its_own_entity_tag():
    assert a_file("d41d8cd98f00b204e9800998ecf8427e").e_tag == '"d41d8cd98f00b204e9800998ecf8427e"'


@pytest.mark.parametrize("data_type", list(DataType))
def test_only_rawdata_is_counted(data_type):
    assert a_file(data_type=data_type).is_counted is (data_type.value == "RAWDATA")


@pytest.mark.parametrize("field", ["checksum", "algorithm", "file_name", "media_type"])
@pytest.mark.parametrize("value", ["", "a\x00b"])
def test_texts_of_a_file_are_filled(field, value):
    with pytest.raises(InvalidValue, match=field):
        attrs.evolve(a_file(), **{field: value})


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_size_is_not_negative_and_fits_into_64_bits(size):
    assert a_file(size=0).size_bytes == 0
    assert a_file(size=2**63 - 1).size_bytes == 2**63 - 1
    with pytest.raises(InvalidValue):
        a_file(size=size)


def test_a_checksum_is_no_longer_than_an_index_has_room_for():
    assert a_file("é" * 512).checksum == "é" * 512
    with pytest.raises(InvalidValue, match="1024 bytes"):
        a_file("é" * 512 + "a")


@pytest.mark.parametrize("field", ["storage", "url"])
def test_texts_of_a_copy_are_filled(field):
    with pytest.raises(InvalidValue, match=field):
        attrs.evolve(a_location(), **{field: ""})


def test_a_copy_is_suspect_once_it_failed_a_verification():
    assert not a_location().is_suspect
    assert a_location(suspect_since=NOW).is_suspect


@given(st.text(max_size=6))
@example("a" * 128)
@example("a" * 129)
@example("disk\n")
@example("d\u0131sk")
def test_a_storage_name_has_upstreams_characters(name):
    is_valid = 1 <= len(name) <= 128 and all(
        character in "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-" for character in name
    )
    if is_valid:
        assert a_storage(name).name == name
    else:
        with pytest.raises(InvalidValue):
            a_storage(name)


@pytest.mark.parametrize("storage_type", list(StorageType))
@pytest.mark.parametrize("plugin_id", [None, "Local"])
def test_a_storage_is_offline_exactly_when_it_has_no_plugin(storage_type, plugin_id):
    def built() -> StorageLocation:
        return StorageLocation(tenant="demo", name="disk", storage_type=storage_type, priority=0, plugin_id=plugin_id)

    if (plugin_id is None) is (storage_type is StorageType.OFFLINE):
        assert built().plugin_id == plugin_id
    else:
        with pytest.raises(InvalidValue):
            built()
