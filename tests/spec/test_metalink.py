"""Metalink documents: what comes out is XML that says what went in, whatever files are called."""

from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from adapters.http.metalink import MetalinkFile, metalink

SPACE = "{urn:ietf:params:xml:ns:metalink}"
MD5 = "9e107d9d372bb6826bd81d3542a419d6"


def read(*files: MetalinkFile):
    return fromstring(metalink(files)).findall(f"{SPACE}file")


def a_file(name: str = "scene.tif", **changes) -> MetalinkFile:
    return MetalinkFile(**{"name": name, "url": "https://archive.example.org/x?a=1&b=2", **changes})


def test_a_file_has_its_size_its_digest_and_its_address():
    (entry,) = read(a_file(size_bytes=5 * 2**30, algorithm="MD5", checksum=MD5.upper()))

    assert entry.get("name") == "scene.tif"
    assert entry.findtext(f"{SPACE}size") == str(5 * 2**30)
    assert entry.find(f"{SPACE}hash").attrib == {"type": "md5"}
    assert entry.findtext(f"{SPACE}hash") == MD5
    assert entry.findtext(f"{SPACE}url") == "https://archive.example.org/x?a=1&b=2"


def test_algorithms_have_their_registered_names():
    names = {
        entry.find(f"{SPACE}hash").get("type")
        for entry in read(
            a_file("a", algorithm="SHA-1", checksum="a" * 40),
            a_file("b", algorithm="sha256", checksum="a" * 64),
            a_file("c", algorithm="SHA_512", checksum="a" * 128),
        )
    }

    assert names == {"sha-1", "sha-256", "sha-512"}


def test_what_is_no_digest_is_not_called_one():
    for file in (a_file(algorithm="MD5", checksum="c1"), a_file(algorithm="CRC-32", checksum="a" * 8), a_file()):
        (entry,) = read(file)
        assert entry.find(f"{SPACE}hash") is None


@given(
    st.lists(st.sampled_from(["x", "X", "1-x", "2-x", "2-X", "\x00", "\ud800", "a/..", "é<&>"]) | st.text(max_size=9))
)
def test_no_name_leaves_its_folder_breaks_the_document_or_hides_another(names):
    entries = read(*[a_file(name) for name in names])

    said = [entry.get("name") for entry in entries]
    assert len(said) == len(names)
    assert len({name.casefold() for name in said}) == len(said)
    assert all(name and "/" not in name and "\\" not in name and name not in {".", ".."} for name in said)
