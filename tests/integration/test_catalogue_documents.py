"""Reading files of products: whatever stands in one of them hides no other, and memory does not grow with the file."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.cli import catalogue_documents
from entrypoints.cli.catalogue_documents import Found, documents

GOOD = {"id": "a", "n": 1}


def good(number: int = 1) -> bytes:
    return json.dumps({"id": "a", "n": number}).encode()


BAD = {
    "broken": (b'{"id": "a", "n"', "no JSON"),
    "not UTF-8": (b'{"id": "\xff"}', "no JSON"),
    "cut in a character": ('{"id": "é"}'.encode().replace(b"\xa9", b""), "no JSON"),
    "nested": (b"[" * 100_000 + b"]" * 100_000, "nested"),
    "no number": (b'{"n": NaN}', "no JSON"),
    "a number of 5000 digits": (b'{"n": ' + b"1" * 5000 + b"}", "no JSON"),
    "two on a line": (b'{"a": 1} {"a": 2}', "no JSON"),
    "binary": (bytes(range(1, 10)) + bytes(range(128, 256)), "no JSON"),
}


@pytest.mark.parametrize("name", ["lines.ndjson", "lines.txt"])
@pytest.mark.parametrize(("line", "problem"), BAD.values(), ids=BAD.keys())
def test_a_line_that_cannot_be_read_hides_no_other(tmp_path, name, line, problem):
    path = tmp_path / name
    path.write_bytes(good(1) + b"\n" + line + b"\n\n" + good(3))

    found = list(documents(path))

    assert [item.place for item in found] == [f"{path}: line {number}" for number in (1, 2, 4)]
    assert [item.document for item in found] == [{"id": "a", "n": 1}, None, {"id": "a", "n": 3}]
    assert problem in (found[1].problem or "")


@pytest.mark.parametrize(("text", "problem"), BAD.values(), ids=BAD.keys())
def test_a_file_that_cannot_be_read_says_so(tmp_path, text, problem):
    path = tmp_path / "one.json"
    path.write_bytes(text + b"\n \n" + good())

    (found,) = documents(path)

    assert found.place == str(path)
    assert problem in (found.problem or "") or "no JSON" in (found.problem or "")


@pytest.mark.parametrize("item", [b'{"n": 1e999}', b'{"n": "\xff"}'], ids=["no number", "not UTF-8"])
def test_an_item_of_a_collection_that_cannot_be_read_hides_no_other(tmp_path, item):
    path = tmp_path / "collection.json"
    path.write_bytes(b'{"type": "FeatureCollection", "features": [%b, %b, %b]}' % (good(1), item, good(3)))

    found = list(documents(path))

    assert [item.place for item in found] == [f"{path}: item {number}" for number in (1, 2, 3)]
    assert [item.problem is None for item in found] == [True, False, True]


def test_a_giant_line_is_passed_over_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_documents, "LONGEST_LINE", 1000)
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b"\n".join([good(1), b'"' + b"x" * 12_345 + b'"', good(3), b"y" * 1000, b"z" * 999, good(6)]))

    found = list(documents(path))

    assert [item.place.rpartition(" ")[2] for item in found] == ["1", "2", "3", "4", "5", "6"]
    assert [item.document for item in found if item.document] == [{"id": "a", "n": n} for n in (1, 3, 6)]
    assert ["longer than" in (item.problem or "") for item in found] == [False, True, False, True, False, False]
    assert found[-1].position == path.stat().st_size


def test_a_giant_line_at_the_end_is_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_documents, "LONGEST_LINE", 1000)
    path = tmp_path / "lines.ndjson"
    path.write_bytes(good() + b"\n" + b"x" * 5000)

    first, second = documents(path)

    assert (first.problem, second.position) == (None, path.stat().st_size)


def test_a_file_that_is_too_large_to_be_in_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_documents, "LARGEST_WHOLE", 100)
    path = tmp_path / "collection.json"
    path.write_bytes(b"[" + b",".join([good()] * 50) + b"]")

    (found,) = documents(path)

    assert "one document on each line" in (found.problem or "")
    assert found.position == path.stat().st_size


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.json", good()),
        ("list.json", b"[" + good() + b"]"),
        ("collection.json", b'{"features": [' + good() + b"]}"),
        ("lines.ndjson", good()),
        ("lines.txt", good() + b"\r\n" + b"\r\n"),
    ],
)
def test_what_editors_write_at_the_beginning_does_not_matter(tmp_path, mark, name, text):
    path = tmp_path / name
    path.write_bytes(mark + text)

    assert [item.document for item in documents(path)] == [GOOD]


@pytest.mark.parametrize("text", ['{"features": null}', '{"features": {"a": 1}}', "5", '"text"', "null"])
def test_what_is_no_collection_is_one_document(tmp_path, text):
    path = tmp_path / "one.json"
    path.write_text(text)

    (found,) = documents(path)

    assert (found.document, found.problem) == (json.loads(text), None)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_file_says_so(tmp_path, text):
    (tmp_path / "lines.ndjson").write_text(text)
    (tmp_path / "one.json").write_text(text)

    assert list(documents(tmp_path / "lines.ndjson")) == []
    assert [found.problem is None for found in documents(tmp_path / "one.json")] == [False]


def peak_bytes(found: Iterator[Found]) -> int:
    tracemalloc.start()
    try:
        for item in found:
            assert item.problem is None
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def an_item(number: int) -> bytes:
    assets = {f"asset-{n}": {"href": f"https://archive.example.org/{number}/{n}", "roles": ["data"]} for n in range(3)}
    return json.dumps({"id": f"scene-{number}", "properties": {"n": number}, "assets": assets}).encode()


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    """A hundred thousand items, some 30 MB."""
    path = tmp_path_factory.mktemp("items") / "items.ndjson"
    path.write_bytes(b"\n".join(an_item(number) for number in range(100_000)))
    return path


def test_a_hundred_thousand_lines_need_no_more_memory_than_one(items):
    assert peak_bytes(documents(items)) < 1_000_000


def test_a_collection_of_a_hundred_thousand_needs_little_more_memory_than_its_text(items):
    path = items.with_name("collection.json")
    path.write_bytes(b'{"features": [' + items.read_bytes().replace(b"\n", b",") + b"]}")

    assert peak_bytes(documents(path)) < 1.5 * path.stat().st_size
