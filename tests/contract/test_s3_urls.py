"""URLs of objects: every form, both ways, and nothing outside the bucket and its root (DESIGN section 12)."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.storage.s3.urls import ObjectName, ObjectUrls
from application.errors import LocationRefused

ENDPOINT = "https://s3.example.org:9000/base"
PLAIN = ObjectUrls(endpoint="http://s3.example.org", bucket="data")
ROOTED = ObjectUrls(endpoint=ENDPOINT, bucket="data", root="archive/2024")


def _is_key(key: str) -> bool:
    return 0 < len(key.encode()) <= 900 and {".", ".."}.isdisjoint(key.split("/"))


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=60)
keys = st.one_of(texts, st.text("aé/%2?#& +~.", min_size=1, max_size=30)).filter(_is_key)


@given(keys, st.none() | texts, st.sampled_from([PLAIN, ROOTED]))
@example("a?fileName=b", None, PLAIN)
@example("a%41b", "%41", PLAIN)
@example("//", None, PLAIN)
def test_the_url_that_is_written_names_the_object_that_it_was_written_for(
    key: str, member: str | None, urls: ObjectUrls
) -> None:
    name = ObjectName(urls.key_prefix(key), member)

    url = urls.url_of(name)

    assert url.isascii()
    assert urls.names_of(url)[0] == name


@given(keys)
def test_all_forms_of_a_url_name_the_same_object(key: str) -> None:
    name = ObjectName(ROOTED.key_prefix(key))
    quoted = quote(name.key)

    for form in (
        f"{ENDPOINT}/data/{quoted}",
        f"HTTPS://S3.Example.ORG:9000/base/data/{quoted}",
        f"https://data.s3.example.org:9000/base/{quoted}",
        f"s3://data/{quoted}",
        f"S3://data/{quoted}",
    ):
        assert ROOTED.names_of(form)[0] == name


@pytest.mark.parametrize(
    ("rest", "key", "member"),
    [
        ("a b.dat", "a b.dat", None),
        ("ä/ß.dat", "ä/ß.dat", None),
        ("100%.dat", "100%.dat", None),
        ("100%zz.dat", "100%zz.dat", None),
        ("a?file=1", "a?file=1", None),
        ("a+b&c=d.dat", "a+b&c=d.dat", None),
        ("x.zip?fileName=a b%20c", "x.zip", "a b%20c"),
        ("x.zip?fileName=a%20b", "x.zip", "a b"),
        ("a%20b[1].dat", "a%20b[1].dat", None),
    ],
)
def test_urls_as_upstream_writes_them_are_taken_as_written(rest: str, key: str, member: str | None) -> None:
    assert PLAIN.names_of(f"http://s3.example.org/data/{rest}")[0] == ObjectName(key, member)


def test_what_looks_encoded_may_also_have_been_written_as_it_is() -> None:
    assert PLAIN.names_of("s3://data/a%41.zip?fileName=%42") == (
        ObjectName("aA.zip", "B"),
        ObjectName("a%41.zip", "%42"),
    )
    assert PLAIN.names_of("s3://data/plain") == (ObjectName("plain"),)


def test_default_ports_may_be_written_or_not() -> None:
    urls = ObjectUrls(endpoint="https://s3.example.org", bucket="data")

    assert urls.names_of("https://s3.example.org:443/data/a")[0].key == "a"
    assert urls.names_of("https://data.s3.example.org:443/a")[0].key == "a"


FOREIGN = [
    "http://s3.example.org:9000/base/data/archive/2024/a",
    "https://s3.example.org/base/data/archive/2024/a",
    "https://s3.example.org:9000/data/archive/2024/a",
    "https://s3.example.org:9000/base/other/archive/2024/a",
    "https://s3.example.org:9000/base/database/archive/2024/a",
    "https://s3.example.org:9000/base/Data/archive/2024/a",
    "https://user@s3.example.org:9000/base/data/archive/2024/a",
    "https://s3.example.org:9000@evil.org/base/data/archive/2024/a",
    "https://evil.org/https://s3.example.org:9000/base/data/archive/2024/a",
    "https://data.evil.org:9000/base/archive/2024/a",
    "https://other.s3.example.org:9000/base/archive/2024/a",
    "s3://other/archive/2024/a",
    "s3://data@evil/archive/2024/a",
    "s3://data",
    "s3://data/",
    "s3://data/archive/2024",
    "s3://data/archive/2024/",
    "s3://data/archive/2024x/a",
    "s3://data/archive/2023/a",
    "s3://data//archive/2024/a",
    "s3://data/archive/2024/../2023/a",
    "s3://data/archive/2024/%2e%2e/2023/a",
    "s3://data/archive/2024/..%2f2023/a",
    "s3://data/archive/2024/./a",
    "s3://data/archive/2024/a%00",
    "s3://data/archive/2024/a\x00",
    "s3://data/archive/2024/a\n",
    "s3://data/archive/2024/a#x",
    "s3://data/archive/2024/%ff",
    "s3://data/archive/2024/\ud800",
    "s3://data/archive/2024/" + "k" * 1024,
    "s3://data/archive/2024/a.zip?fileName=",
    "s3://data/archive/2024/a.zip?fileName=%00",
    "s3:/data/archive/2024/a",
    "file:///etc/passwd",
    "/etc/passwd",
    "data/archive/2024/a",
    "",
]


@pytest.mark.parametrize("url", FOREIGN)
def test_what_lies_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(LocationRefused):
        ROOTED.names_of(url)


PIECES = "s3:// https:// data other s3.example.org:9000 / // base archive/2024 .. . %2e %2f %00 ? # @ : \\ % a é"
pieces = st.lists(st.sampled_from([*PIECES.split(), "\n", "?fileName=", "%252e"]), max_size=14).map("".join)


@given(st.one_of(pieces, pieces.map(lambda rest: f"s3://data/archive/2024/{rest}"), st.text(max_size=40)))
def test_whatever_the_url_nothing_outside_the_root_is_named(url: str) -> None:
    try:
        names = ROOTED.names_of(url)
    except LocationRefused:
        return
    assert names
    for name in names:
        assert name.key.startswith("archive/2024/")
        assert {".", ".."}.isdisjoint(name.key.split("/"))
        assert "\x00" not in name.key
