"""``rs-downloader catalog`` as an operator uses it: imports, and who may see what, against a real database."""

import hashlib
import json

import pytest

from domain.multihash import encoded
from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.e2e.test_cli import _logging_as_before, answer, cli, products  # noqa: F401 - fixtures

DATASET = str(a_dataset_urn(tenant="mine"))
VIRTUAL = str(a_dataset_urn(tenant="mine").virtual_id)


def a_feature(number: int = 1, **changes):
    return {
        "type": "Feature",
        "id": str(a_urn(number, tenant="mine")),
        "geometry": None,
        "properties": {"n": number},
        "files": {},
        **changes,
    }


def an_item(path, number: int = 1, **changes):
    content = path.read_bytes()
    asset = {
        "href": path.as_uri(),
        "roles": ["data"],
        "file:checksum": encoded("SHA-256", hashlib.sha256(content).hexdigest()),
        "file:size": len(content),
        **changes,
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"scene-{number}",
        "collection": "scenes",
        "geometry": None,
        "properties": {"datetime": "2026-01-31T12:00:00Z"},
        "assets": {path.name: asset},
        "links": [],
    }


@pytest.fixture
def tenant(answer):  # noqa: F811 - the fixture
    answer("tenants", "add", "mine")


@pytest.mark.usefixtures("tenant")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.json", json.dumps(a_feature())),
        ("pretty.json", json.dumps(a_feature(), indent=2)),
        ("collection.geojson", json.dumps({"type": "FeatureCollection", "features": [a_feature()]})),
        ("list.json", json.dumps([a_feature()])),
        ("lines.ndjson", json.dumps(a_feature()) + "\n\n"),
        ("sequence.geojsonl", "\x1e" + json.dumps(a_feature())),
        ("lines.txt", json.dumps(a_feature()) + "\n" + json.dumps(a_feature()) + "\n"),
    ],
)
def test_files_of_every_shape_are_read(answer, tmp_path, name, text):  # noqa: F811
    path = tmp_path / name
    path.write_text(text)

    report = answer("catalog", "import", path, "--json")

    assert (report["added"], report["refused"]) == (1, [])
    assert answer("catalog", "products", "show", a_urn(tenant="mine")).count('"n": 1') == 1


@pytest.mark.usefixtures("tenant")
def test_what_is_refused_is_reported_with_its_place_and_the_rest_is_taken(cli, tmp_path):  # noqa: F811
    path = tmp_path / "items.ndjson"
    documents = [json.dumps(a_feature(1)), "{broken", json.dumps(a_feature(2, id="hello")), json.dumps(a_feature(3))]
    path.write_text("\n".join(documents))

    first = cli("catalog", "import", path, "--json")
    again = cli("catalog", "import", path)

    report = json.loads(first.stdout)
    assert (first.exit_code, report["added"]) == (1, 2)
    assert [item["place"] for item in report["refused"]] == [f"{path}: line 2", f"{path}: line 3"]
    assert "no JSON" in report["refused"][0]["reason"]
    assert (report["refused"][1]["name"], "no URN" in report["refused"][1]["reason"]) == ("hello", True)
    assert again.exit_code == 1
    assert "0 added, 0 changed, 2 unchanged, 2 refused." in again.stdout
    assert "line 3" in again.stderr


@pytest.mark.usefixtures("tenant")
def test_an_import_of_more_than_one_batch_can_be_repeated(answer, tmp_path):  # noqa: F811
    path = tmp_path / "items.ndjson"
    path.write_text("\n".join(json.dumps(a_feature(number)) for number in range(1, 1203)))

    first = answer("catalog", "import", path, "--json")
    again = answer("catalog", "import", path, "--json")
    path.write_text("\n".join(json.dumps(a_feature(number, label=f"L{number % 2}")) for number in range(1, 1203)))
    changed = answer("catalog", "import", path, "--json")

    assert [first["added"], again["unchanged"], changed["changed"]] == [1202, 1202, 1202]


def test_assets_are_registered_where_a_storage_can_read_them(cli, answer, products, tmp_path):  # noqa: F811
    outside = tmp_path / "outside.txt"
    outside.write_text("not in the storage")
    documents = [
        an_item(products / "a.txt", 1),
        an_item(products / "b.png", 2, **{"file:size": 7}),
        an_item(outside, 3),
        an_item(products / "a.txt", 4),
    ]
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": documents}))

    result = cli("catalog", "import", path, "--register-files", "disk1", "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["added"], report["filesRegistered"]) == (1, 4, 2)
    assert [(item["place"], item["file"]) for item in report["filesRefused"]] == [
        (f"{path}: item 2", "b.png"),
        (f"{path}: item 3", "outside.txt"),
    ]
    (file,) = answer("files", "list", "--json")
    assert file["checksum"] == hashlib.sha256((products / "a.txt").read_bytes()).hexdigest()


@pytest.mark.usefixtures("tenant")
def test_products_join_a_dataset_and_a_group_gets_access_to_it(answer, cli, tmp_path):  # noqa: F811
    path = tmp_path / "items.json"
    path.write_text(json.dumps(a_feature()))

    answer("catalog", "import", path, "--dataset", DATASET, "--group", "readers")
    wrong = cli("catalog", "import", path, "--group", "readers")
    no_dataset = cli("catalog", "import", path, "--dataset", a_urn(tenant="mine"))

    assert [entry["urn"] for entry in answer("catalog", "products", "list", "--dataset", DATASET, "--json")] == [
        str(a_urn(tenant="mine"))
    ]
    assert answer("catalog", "rights", "list", "--json") == [
        {"dataset": VIRTUAL, "group": "readers", "metadata": "FULL_ACCESS", "files": "INHERITED_ACCESS"}
    ]
    assert (wrong.exit_code, no_dataset.exit_code) == (2, 1)


@pytest.mark.usefixtures("tenant")
def test_groups_and_rights(answer, cli):  # noqa: F811
    answer("catalog", "groups", "add", "readers", "--public")
    answer("catalog", "groups", "put", "readers", "alice@x.org", "bob@x.org")
    answer("catalog", "groups", "take", "readers", "bob@x.org")
    answer("catalog", "rights", "set", "readers", DATASET, "--files", "NO_ACCESS")

    assert answer("catalog", "groups", "list", "--json") == [
        {"name": "readers", "public": True, "users": ["alice@x.org"]}
    ]
    assert "NO_ACCESS" in answer("catalog", "rights", "list")
    answer("catalog", "rights", "remove", "readers", DATASET)
    assert cli("catalog", "rights", "remove", "readers", DATASET).exit_code == 1
    assert cli("catalog", "rights", "set", "unknown", DATASET).exit_code == 1
    answer("catalog", "groups", "remove", "readers")
    assert "There are no groups." in answer("catalog", "groups", "list")


@pytest.mark.usefixtures("tenant")
def test_licences(answer, cli):  # noqa: F811
    answer("catalog", "licences", "set", "https://x.org/all.html")
    answer("catalog", "licences", "set", "https://x.org/own.html", "--dataset", DATASET)
    assert "edition 1" in answer("catalog", "licences", "reset", "--dataset", DATASET)

    assert answer("catalog", "licences", "list", "--json") == [
        {"dataset": None, "link": "https://x.org/all.html", "edition": 0},
        {"dataset": VIRTUAL, "link": "https://x.org/own.html", "edition": 1},
    ]
    answer("catalog", "licences", "withdraw")
    assert cli("catalog", "licences", "withdraw").exit_code == 1
    assert cli("catalog", "licences", "set", "all.html").exit_code == 1


@pytest.mark.usefixtures("tenant")
def test_products_are_removed_by_urn(answer, cli, tmp_path):  # noqa: F811
    path = tmp_path / "items.json"
    path.write_text(json.dumps([a_feature(1), a_feature(2)]))
    answer("catalog", "import", path)

    removed = cli("catalog", "products", "remove", a_urn(1, tenant="mine"), a_urn(9, tenant="mine"))

    assert (removed.exit_code, f"{a_urn(1, tenant='mine')} is removed." in removed.stdout) == (1, True)
    assert str(a_urn(9, tenant="mine")) in removed.stderr
    assert len(answer("catalog", "products", "list", "--json")) == 1
