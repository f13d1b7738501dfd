"""No URL names an object outside the bucket and the root of an S3 storage."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from adapters.storage.s3.urls import ObjectUrls
from application.errors import LocationRefused
from tests.contract.hostile_urls import mostly, paths

URLS = ObjectUrls(endpoint="https://s3.example.org", bucket="archive", root="data")
GOOD = ["https://s3.example.org/archive/data/", "s3://archive/data/", "https://archive.s3.example.org/data/"]
TARGETS = [
    "a",
    "../private/a",
    "data/a",
    "x/../../private/a",
    "private/a",
    "../data/../private/a",
    "../../other/data/a",
]
STARTS = [
    "https://s3.example.org/archive/", "https://s3.example.org/other/data/", "https://s3.example.org/archive/database/",
    "https://s3.example.org/archive/../other/data/", "https://s3.example.org//archive/data/", "s3://other/data/",
    "s3://archive/../other/data/", "https://other.s3.example.org/data/", "http://s3.example.org/archive/data/",
    "https://evil.example/archive/data/", "https://s3.example.org@evil.example/archive/data/", "file:///archive/data/",
    "https://s3.example.org/archive%2fdata/", "https://archive.s3.example.org/../data/",
    "//s3.example.org/archive/data/", "",
]  # fmt: skip


@settings(max_examples=1000)
@given(
    url=st.builds(
        lambda start, path, member: start + path + member,
        mostly(GOOD, st.sampled_from(STARTS)),
        paths(TARGETS, ["data", "private", "archive"]),
        mostly([""], st.sampled_from(["?fileName=a", "?fileName=../a", "?fileName=", "?fileName=%00", "?versionId=1"])),
    )
)
def test_every_key_that_is_read_lies_below_the_root(url: str) -> None:
    try:
        names = URLS.names_of(url)
    except LocationRefused:
        event("refused")
        return

    event("named")
    for name in names:
        before, *within = name.key.split("/")
        assert before == "data"
        assert within not in ([], [""])
        assert {".", ".."}.isdisjoint(within)
        assert "\x00" not in name.key
        assert len(name.key.encode()) <= 1024
        assert name.member is None or (name.member and "\x00" not in name.member)
    assert "s3.example.org" in url.lower() or url.lower().startswith("s3://archive/")
    assert "evil" not in url.partition("/data/")[0]
    assert "other" not in url.lower().partition("/data/")[0]


@pytest.mark.parametrize("start", GOOD)
def test_what_lies_below_the_root_is_named(start: str) -> None:
    assert URLS.names_of(f"{start}a%20b")[0].key == "data/a b"
