"""Registering what an S3 storage lists, as an operator does it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from entrypoints.cli import main
from tests.s3_servers import S3Bucket, S3Server
from tests.tools import needs_tools

pytestmark = needs_tools

Answer = Callable[..., Any]


@pytest.fixture
def cli(tmp_path: Path) -> Answer:
    def run(*arguments: str) -> Any:
        environ = {"RS_DOWNLOADER_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200"}
        return CliRunner().invoke(main, list(arguments), env=environ, catch_exceptions=False)

    return run


@pytest.fixture
def bucket(s3_server: S3Server, cli: Answer) -> S3Bucket:
    """A bucket with three objects, configured as the storage s3 of a tenant."""
    bucket = s3_server.new_bucket()
    bucket.put("2024/a b.tif", b"first")
    bucket.put("2024/deep/ü#.txt", b"second", ChecksumAlgorithm="SHA256")
    bucket.put("2024/", b"")
    bucket.put("2023/other", b"third")
    cli("tenants", "add", "mine")
    parameters = [text for name, value in bucket.parameters().items() for text in ("--parameter", f"{name}={value}")]
    added = cli("storages", "add", "s3", "--plugin", "S3", *parameters)
    assert added.exit_code == 0, added.stderr
    return bucket


def adding(cli: Answer, *more: str) -> tuple[int, dict[str, Any]]:
    result = cli("files", "add", "--storage", "s3", "--type", "RAWDATA", "--json", *more)
    return result.exit_code, json.loads(result.stdout)


def registered(cli: Answer) -> dict[str, dict[str, Any]]:
    return {item["fileName"]: item for item in json.loads(cli("files", "list", "--json").stdout)}


def test_objects_are_registered_by_the_checksums_that_the_storage_knows(cli: Answer, bucket: S3Bucket) -> None:
    code, report = adding(cli, "--prefix", "2024/", "--algorithm", "MD5")

    assert (code, report["registered"], report["failed"]) == (0, 2, [])
    found = registered(cli)
    assert {name: item["checksum"] for name, item in found.items()} == {
        "a b.tif": hashlib.md5(b"first").hexdigest(),
        "ü#.txt": hashlib.md5(b"second").hexdigest(),
    }
    assert found["a b.tif"]["mediaType"] == "image/tiff"
    assert found["a b.tif"]["copies"][0]["url"].endswith("/2024/a%20b.tif")


def test_a_repeated_run_skips_what_is_registered_and_takes_what_is_new(cli: Answer, bucket: S3Bucket) -> None:
    adding(cli, "--prefix", "", "--algorithm", "MD5")
    bucket.put("2024/new", b"fourth")
    bucket.put("2023/other", b"other bytes")
    bucket.put("2023/twin", b"first")

    code, report = adding(cli, "--prefix", "", "--algorithm", "MD5")

    assert (code, report["registered"], report["unchanged"], report["duplicates"]) == (0, 2, 2, 1)


def test_what_the_storage_does_not_know_is_reported_or_computed(cli: Answer, bucket: S3Bucket) -> None:
    code, report = adding(cli, "--prefix", "2024/")

    assert (code, report["registered"]) == (1, 1)
    assert [failure["path"].rpartition("/")[2] for failure in report["failed"]] == ["a%20b.tif"]
    assert "--compute" in report["failed"][0]["reason"]

    code, report = adding(cli, "--prefix", "2024/", "--compute")

    assert (code, report["registered"], report["unchanged"]) == (0, 1, 1)
    assert registered(cli)["a b.tif"]["checksum"] == hashlib.sha256(b"first").hexdigest()


@pytest.mark.parametrize(
    "wrong", [[], ["--prefix", "x", "some-path"], ["--compute", "some-path"]], ids=["neither", "both", "compute"]
)
def test_what_makes_no_sense_is_said(cli: Answer, bucket: S3Bucket, wrong: list[str]) -> None:
    result = cli("files", "add", "--storage", "s3", "--type", "RAWDATA", *wrong)

    assert result.exit_code == 2


def test_a_storage_that_cannot_list_says_so(cli: Answer, bucket: S3Bucket, tmp_path: Path) -> None:
    cli("storages", "add", "disk", "--path", str(tmp_path))

    result = cli("files", "add", "--storage", "disk", "--type", "RAWDATA", "--prefix", "x")

    assert result.exit_code == 1
    assert "cannot list" in result.stderr


def test_a_server_that_is_away_is_said_without_a_secret(cli: Answer, bucket: S3Bucket) -> None:
    cli("storages", "set", "s3", "--parameter", "S3_Server_Endpoint=http://127.0.0.1:9")

    result = cli("files", "add", "--storage", "s3", "--type", "RAWDATA", "--prefix", "")

    assert result.exit_code == 1
    assert "S3 server cannot be read" in result.stderr
    assert "test-secret" not in result.stderr
