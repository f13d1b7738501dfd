"""Trying storages out and changing the keys of their secrets, on the command line."""

import base64
import json
import logging
import sqlite3

import pytest
import structlog
from click.testing import CliRunner

from entrypoints.cli import main

SECRET = "the secret of this test"
K1, K2, K3 = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2, 3))
S3 = {
    "S3_Server_Endpoint": "http://127.0.0.1:1",
    "S3_Server_Region": "r",
    "S3_Server_Key": "k",
    "S3_Server_Secret": SECRET,
    "S3_Server_Bucket": "bucket",
}


@pytest.fixture(autouse=True)
def _logging_as_before():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.fixture
def cli(tmp_path):
    """Run a command; its result has ``exit_code``, ``stdout`` and ``stderr``."""

    def run(*arguments, **environ):
        base = {"RS_DOWNLOADER_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200"}
        return CliRunner().invoke(main, [str(a) for a in arguments], env=base | environ, catch_exceptions=False)

    return run


@pytest.fixture
def disk(tmp_path, cli):
    """The folder of the storage ``disk``, with two registered files."""
    folder = tmp_path / "products"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_bytes(name.encode() * 10)
    cli("tenants", "add", "mine")
    cli("storages", "add", "disk", "--path", folder)
    assert cli("files", "add", folder, "--storage", "disk", "--type", "RAWDATA").exit_code == 0
    return folder


@pytest.fixture
def bucket(cli):
    """The storage ``s3``, whose secret the first key has sealed."""
    cli("tenants", "add", "mine")
    given = [word for name, value in S3.items() for word in ("--parameter", f"{name}={value}")]
    result = cli("storages", "add", "s3", "--plugin", "S3", *given, RS_DOWNLOADER_SECRET_KEYS=K1)
    assert result.exit_code == 0, result.stderr


def dump(tmp_path) -> str:
    with sqlite3.connect(tmp_path / "data" / "rs-downloader.db") as connection:
        return "\n".join(connection.iterdump())


def trouble(cli, keys: str) -> str | None:
    (storage,) = json.loads(cli("storages", "list", "--json", RS_DOWNLOADER_SECRET_KEYS=keys).stdout)
    return storage["pluginError"]


def test_a_storage_that_works_is_told_how_fast(cli, disk):
    result = cli("storages", "test", "disk")

    assert result.exit_code == 0
    assert "read a.txt" in result.stdout
    assert "FAILED" not in result.stdout
    tried = json.loads(cli("storages", "test", "disk", "--json", "--sample", "1").stdout)
    assert [entry["attempt"]["what"] for entry in tried][:2] == ["use the plugin", "reach the storage"]
    assert tried[2]["attempt"]["readBytes"] == 50


def test_what_fails_is_explained_and_the_rest_is_tried(cli, disk):
    (disk / "a.txt").unlink()

    result = cli("storages", "test", "disk")

    assert result.exit_code == 1
    assert "Put the file back" in result.stdout
    assert "ok" in next(line for line in result.stdout.splitlines() if "read b.txt" in line)


def test_a_file_that_was_replaced_is_told_from_one_that_is_gone(cli, disk):
    (disk / "a.txt").write_bytes(b"something else")

    assert "Put the right bytes back" in cli("storages", "test", "disk").stdout


def test_a_folder_that_is_gone_is_told(cli, disk):
    disk.rename(disk.with_name("elsewhere"))

    result = cli("storages", "test", "disk", "--sample", "0")

    assert result.exit_code == 1
    assert "can be reached from this machine" in result.stdout
    assert "No copy was read" in result.stdout


def test_a_storage_that_is_not_there_cannot_be_tried(cli, disk):
    assert "no storage 'tape'" in cli("storages", "test", "tape").stderr


def test_plugins_are_listed_with_their_parameters(cli):
    assert "Storage_URL" in cli("storages", "plugins").stdout
    found = json.loads(cli("storages", "plugins", "--json").stdout)
    assert {"Local", "S3"} <= {plugin["pluginId"] for plugin in found}


def test_a_secret_is_nowhere_in_the_clear(cli, bucket, tmp_path):
    shown = cli("storages", "show", "s3", RS_DOWNLOADER_SECRET_KEYS=K1)

    assert "********" in shown.stdout
    for text in (shown.stdout, shown.stderr, dump(tmp_path)):
        assert SECRET not in text


def test_secrets_are_sealed_with_a_new_key_and_the_old_one_is_needed_no_more(cli, bucket):
    rotated = cli("storages", "rotate-secrets", RS_DOWNLOADER_SECRET_KEYS=f"{K2},{K1}")

    assert (rotated.exit_code, rotated.stdout) == (0, "1 storage sealed anew.\n")
    assert trouble(cli, K2) is None
    assert "does not have" in trouble(cli, K1)
    again = cli("storages", "rotate-secrets", RS_DOWNLOADER_SECRET_KEYS=K2)
    assert again.stdout == "0 storages sealed anew.\n"


def test_a_lost_key_disables_the_storage_and_says_what_to_do(cli, bucket):
    rotated = cli("storages", "rotate-secrets", RS_DOWNLOADER_SECRET_KEYS=K3)
    tried = cli("storages", "test", "s3", RS_DOWNLOADER_SECRET_KEYS=K3)

    assert (rotated.exit_code, tried.exit_code) == (1, 1)
    assert "mine: Storage s3" in rotated.stderr
    assert "Put the lost key back" in tried.stdout
    mended = cli("storages", "set", "s3", "--parameter", f"S3_Server_Secret={SECRET}", RS_DOWNLOADER_SECRET_KEYS=K3)
    assert mended.exit_code == 0, mended.stderr
    assert trouble(cli, K3) is None


def test_a_secret_from_before_secrets_were_sealed_is_read_and_then_sealed(cli, bucket, tmp_path):
    with sqlite3.connect(tmp_path / "data" / "rs-downloader.db") as connection:
        connection.execute("UPDATE storage_location SET parameters = ?", [json.dumps(S3)])
    assert SECRET in dump(tmp_path)
    assert trouble(cli, K1) is None

    rotated = cli("storages", "rotate-secrets", RS_DOWNLOADER_SECRET_KEYS=K1)

    assert rotated.stdout == "1 storage sealed anew.\n"
    assert SECRET not in dump(tmp_path)
    assert trouble(cli, K1) is None
