"""``rs-downloader catalog import`` under bad conditions: killed half-way, and with every kind of bad document."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.contract.sql_databases import EITHER, database
from tests.e2e.real_service import COMMAND, TENANT, Installation, until
from tests.e2e.test_catalog_cli import a_feature, an_item, tenant  # noqa: F401 - fixtures
from tests.e2e.test_cli import _logging_as_before, answer, cli, products  # noqa: F401 - fixtures

TOTAL = 6000
RAW = {"dataType": "RAWDATA", "filename": "x.tif", "mimeType": "image/tiff"}


@pytest.fixture(params=EITHER)
def installation(request, tmp_path) -> Iterator[Installation]:
    """An installation on SQLite, and one on PostgreSQL."""
    with database(request.param, migrated=False) as url:
        yield Installation(tmp_path, database_url=url)


def importing(installation: Installation, path: Path) -> subprocess.Popen:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    return subprocess.Popen(
        [COMMAND, "catalog", "import", str(path), "--json"],
        env={**plain, **installation.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(installation: Installation, table: str) -> int:
    ((count,),) = installation.query(f"SELECT count(*) FROM {table}")
    return int(count)


def test_an_import_that_is_killed_is_taken_up_again_and_nothing_is_half_there(installation, tmp_path):
    path = tmp_path / "items.ndjson"
    file = RAW | {"checksum": "c", "digestAlgorithm": "MD5"}
    lines = [
        json.dumps(a_feature(number, id=str(a_urn(number, tenant=TENANT)), files={"RAWDATA": [file]}))
        for number in range(1, TOTAL + 1)
    ]
    path.write_text("\n".join(lines))

    for goal in (500, 2000):
        process = importing(installation, path)
        until(lambda goal=goal, process=process: process.poll() is not None or rows(installation, "product") >= goal)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert rows(installation, "product") == rows(installation, "product_file")
    before = rows(installation, "product")
    process = importing(installation, path)
    output, errors = process.communicate()

    report = json.loads(output)
    assert (process.returncode, errors) == (0, "")
    assert 2000 <= before < TOTAL
    assert (report["added"], report["unchanged"]) == (TOTAL - before, before)
    assert (report["changed"], report["refused"]) == (0, [])
    assert rows(installation, "product") == rows(installation, "product_file") == TOTAL


REFUSED = {
    "an unknown data type": (a_feature(files={"PICTURE": [RAW | {"checksum": "c"}]}), "'PICTURE' is no data type"),
    "a file among others": (a_feature(files={"DOCUMENT": [RAW | {"checksum": "c"}]}), "is listed under DOCUMENT"),
    "a file without checksum and address": (a_feature(files={"RAWDATA": [RAW]}), "no checksum"),
    "no URN": (a_feature(id="hello"), "no URN"),
    "no id": (a_feature(id=None), "'id' must be a text"),
    "another tenant's": (a_feature(id=str(a_urn(tenant="other"))), "of the tenant 'other'"),
    "no version": (a_feature(id=str(a_urn(tenant="mine", version=None))), "has a version"),
    "a misspelt dataset": (a_feature(tags=[str(a_dataset_urn(tenant="mine"))[:-3]]), "looks like a dataset"),
    "a place off the world": (a_feature(geometry={"type": "Point", "coordinates": [200, 0]}), ""),
    "a number beyond 64 bits": (a_feature(properties={"n": 2**64}), "64 bits"),
    "a NUL": (a_feature(label="\0"), "valid Unicode"),
    "deep properties": (a_feature(properties={"a": json.loads("[" * 40 + "]" * 40)}), "32 levels"),
    "files of no kind": (a_feature(files=5), "'files' must be"),
    "a list": ([1], "JSON object"),
    "a number": (5, "JSON object"),
    "a collection on a line": ({"type": "FeatureCollection", "features": []}, "'id' must be a text"),
}


@pytest.mark.usefixtures("tenant")
def test_each_document_that_is_refused_says_why_and_holds_up_no_other(cli, answer, tmp_path):  # noqa: F811
    path = tmp_path / "items.ndjson"
    documents = [document for document, _ in REFUSED.values()]
    path.write_text("".join(json.dumps(document) + "\n" for document in [*documents, a_feature(7)]))

    result = cli("catalog", "import", path, "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["added"]) == (1, 1)
    assert [item["place"] for item in report["refused"]] == [f"{path}: line {n + 1}" for n in range(len(documents))]
    for item, (name, (_, reason)) in zip(report["refused"], REFUSED.items(), strict=True):
        assert reason in item["reason"], name
    assert [entry["urn"] for entry in answer("catalog", "products", "list", "--json")] == [str(a_urn(7, tenant="mine"))]


@pytest.mark.usefixtures("tenant")
@pytest.mark.parametrize("between", [0, 600], ids=["in one batch", "in different batches"])
def test_of_two_of_the_same_urn_the_last_one_counts_and_the_numbers_say_so(answer, tmp_path, between):  # noqa: F811
    path = tmp_path / "items.ndjson"
    documents = [a_feature(1), *(a_feature(number) for number in range(2, 2 + between)), a_feature(1, label="Second")]
    path.write_text("\n".join(json.dumps(document) for document in documents))

    report = answer("catalog", "import", path, "--json")

    assert (report["added"], report["changed"], report["unchanged"]) == (1 + between, 1, 0)
    assert json.loads(answer("catalog", "products", "show", a_urn(1, tenant="mine")))["label"] == "Second"


def test_an_asset_without_a_checksum_is_a_reference_and_is_never_registered(answer, products, tmp_path):  # noqa: F811
    item = an_item(products / "a.txt", 1)
    del item["assets"]["a.txt"]["file:checksum"]
    path = tmp_path / "items.ndjson"
    path.write_text(json.dumps(item) + "\n" + json.dumps(an_item(products / "b.png", 2)))

    report = answer("catalog", "import", path, "--register-files", "disk1", "--json")

    assert (report["added"], report["filesRegistered"], report["filesRefused"]) == (2, 1, [])
    found = [
        json.loads(answer("catalog", "products", "show", entry["urn"]))["files"]["RAWDATA"][0]
        for entry in answer("catalog", "products", "list", "--json")
    ]
    assert {file["filename"]: file["reference"] for file in found} == {"a.txt": True, "b.png": False}


@pytest.mark.usefixtures("tenant")
def test_a_missing_file_is_named_and_nothing_is_imported(cli, answer, tmp_path):  # noqa: F811
    path = tmp_path / "items.ndjson"
    path.write_text(json.dumps(a_feature()))

    result = cli("catalog", "import", path, tmp_path / "missing.ndjson")

    assert result.exit_code != 0
    assert "missing.ndjson" in result.stderr
    assert answer("catalog", "products", "list", "--json") == []
