"""The command line as an operator uses it: every command against a real database and real files."""

import json
import logging
import os
import re
import sqlite3
import stat

import pytest
import structlog
from click.testing import CliRunner

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for
from entrypoints.cli import main
from tests.contract.sql_databases import on_postgres, postgres_database


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
def answer(cli):
    """Run a command that must succeed; its standard output, decoded when it asked for JSON."""

    def run(*arguments):
        result = cli(*arguments)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout) if "--json" in arguments else result.stdout

    return run


@pytest.fixture
def products(tmp_path, answer):
    """A tenant with one storage, whose folder holds three files."""
    folder = tmp_path / "products"
    (folder / "deeper").mkdir(parents=True)
    for name in ("a.txt", "b.png", "deeper/c d?.dat"):
        (folder / name).write_bytes(name.encode() * 10)
    answer("tenants", "add", "mine")
    answer("storages", "add", "disk1", "--path", folder)
    return folder


def add(*paths, **options):
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ["files", "add", *paths, "--storage", "disk1", "--type", "RAWDATA", *flags]


def test_the_demo_can_be_made_again_and_prints_what_to_paste(answer, tmp_path):
    first = answer("demo", "--json")
    again = answer("demo", "--json")

    assert first == again
    assert (tmp_path / "data/demo/large.dat").stat().st_size == 64 * 1024 * 1024
    assert "curl -s -C - " in answer("demo")
    types = {item["fileName"]: item["dataType"] for item in answer("files", "list", "--json")}
    assert types["large.dat"] == "RAWDATA"
    assert types["notes.bin"] == "DOCUMENT"


def test_the_demo_repairs_a_damaged_file_and_leaves_quotas_alone(answer, tmp_path):
    answer("demo")
    damaged = tmp_path / "data/demo/small.dat"
    whole = damaged.read_bytes()
    damaged.write_bytes(b"x" * len(whole))
    answer("quota", "set", "bob@example.org", "--max-quota", "7", "--rate-limit", "7")

    answer("demo")

    assert damaged.read_bytes() == whole
    assert answer("quota", "show", "bob@example.org", "--json")[0]["maxQuota"] == 7


def test_the_signing_key_is_made_on_first_use_and_only_its_owner_can_read_it(answer, tmp_path):
    answer("tenants", "add", "mine")
    answer("token", "--user", "alice@example.org")

    key = tmp_path / "data/jwt.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) >= 64


def test_token_prints_the_token_and_nothing_else(answer):
    answer("tenants", "add", "mine")

    printed = answer("token", "--tenant", "mine", "--user", "alice@example.org", "--role", "PROJECT_ADMIN")

    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", printed)


def test_an_unsafe_signing_key_is_refused_in_one_line(cli, answer, tmp_path):
    answer("tenants", "add", "mine")
    answer("token", "--user", "alice@example.org")
    os.chmod(tmp_path / "data/jwt.key", 0o644)  # noqa: PTH101 — this is what somebody types.

    result = cli("token", "--user", "alice@example.org")

    assert result.exit_code == 2
    assert "chmod 600" in result.stderr
    assert result.stdout == ""


def test_files_are_registered_once_and_unchanged_ones_are_not_read_again(answer, products):
    first = answer(*add(products), "--json")
    secretly_changed = products / "a.txt"
    before = secretly_changed.stat()
    with secretly_changed.open("r+b") as file:
        file.write(b"X")
    os.utime(secretly_changed, ns=(before.st_atime_ns, before.st_mtime_ns))

    again = answer(*add(products), "--json")

    assert first == {"registered": 3, "unchanged": 0, "duplicates": 0, "failed": []}
    assert again == {"registered": 0, "unchanged": 3, "duplicates": 0, "failed": []}


def test_a_changed_file_and_a_new_one_are_registered_by_the_next_run(answer, products):
    answer(*add(products))
    (products / "a.txt").write_text("other bytes")
    (products / "new.txt").write_text("new")

    report = answer(*add(products), "--json")

    assert (report["registered"], report["unchanged"]) == (2, 2)


def test_the_same_bytes_twice_on_a_storage_are_one_copy(answer, products):
    (products / "copy.txt").write_bytes((products / "a.txt").read_bytes())

    first = answer(*add(products), "--json")
    again = answer(*add(products), "--json")

    assert (first["registered"], first["duplicates"]) == (3, 1)
    assert (again["registered"], again["unchanged"], again["duplicates"]) == (0, 3, 1)


def test_a_file_that_fails_is_reported_and_does_not_stop_the_others(cli, products, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("not on this storage")

    result = cli(*add(products, outside, products / "missing.txt"))

    assert result.exit_code == 1
    assert result.stdout == "3 registered, 0 unchanged, 2 failed.\n"
    assert f"{outside}: The URL lies outside the root of this storage." in result.stderr
    assert f"{products / 'missing.txt'}: No such file or directory" in result.stderr


def test_a_name_that_is_not_utf_8_is_reported_in_json_that_is(cli, products):
    products.joinpath(os.fsdecode(b"bad\xff.dat")).write_bytes(b"bad")

    result = cli(*add(products), "--json")

    assert result.exit_code == 1
    (failed,) = json.loads(result.stdout_bytes)["failed"]
    assert os.fsencode(failed["path"]).endswith(b"bad\xff.dat")


def test_files_are_hashed_by_the_wanted_algorithm_and_typed_by_their_name(answer, products):
    answer(*add(products, algorithm="MD5"))

    files = {item["fileName"]: item for item in answer("files", "list", "--json")}
    assert files["b.png"]["mediaType"] == "image/png"
    assert files["c d?.dat"]["mediaType"] == "application/octet-stream"
    assert {len(item["checksum"]) for item in files.values()} == {32}
    assert files["a.txt"]["copies"][0]["storage"] == "disk1"


def test_a_corrupted_copy_is_found_marked_and_cleared(cli, answer, products):
    answer(*add(products / "a.txt"))
    (checksum,) = (item["checksum"] for item in answer("files", "list", "--json"))
    right = (products / "a.txt").read_bytes()

    assert answer("files", "verify", checksum) == "disk1: right\n"
    (products / "a.txt").write_bytes(b"X" + right[1:])
    wrong = cli("files", "verify", checksum)
    assert wrong.exit_code == 1
    assert "checksum" in wrong.stdout
    assert answer("files", "show", checksum, "--json")["copies"][0]["suspectSince"]
    (products / "a.txt").write_bytes(right)
    assert answer("files", "verify", checksum, "--json") == [{"storage": "disk1", "isRight": True, "reason": None}]
    assert answer("files", "show", checksum, "--json")["copies"][0]["suspectSince"] is None


def test_a_file_is_shown_and_forgotten_but_its_bytes_stay(cli, answer, products):
    answer(*add(products / "a.txt"))
    (checksum,) = (item["checksum"] for item in answer("files", "list", "--json"))

    assert "a.txt" in answer("files", "show", checksum)
    answer("files", "remove", checksum, "--storage", "disk1")

    assert answer("files", "list") == "There are no files.\n"
    assert (products / "a.txt").exists()
    assert cli("files", "show", checksum).exit_code == 1


def test_quota_is_set_shown_inherited_and_forgotten(cli, answer):
    answer("tenants", "add", "mine")

    answer("quota", "set", "bob@example.org", "--max-quota", "10", "--rate-limit", "2")
    assert answer("quota", "show", "bob@example.org", "--json") == [
        {"email": "bob@example.org", "maxQuota": 10, "rateLimit": 2, "currentQuota": 0, "currentRate": 0}
    ]
    answer("settings", "set", "maxQuota", "33")
    inherited = answer("quota", "set", "bob@example.org", "--inherit", "--json")
    assert (inherited[0]["maxQuota"], inherited[0]["rateLimit"]) == (33, -1)
    assert "unlimited" in answer("quota", "show", "bob@example.org")
    answer("quota", "forget", "bob@example.org")
    assert cli("quota", "forget", "bob@example.org").exit_code == 1


def test_a_quota_that_no_rule_accepts_is_refused_with_the_reason(cli, answer):
    answer("tenants", "add", "mine")

    result = cli("quota", "set", "bob@example.org", "--max-quota", "-2", "--rate-limit", "1")

    assert result.exit_code == 1
    assert result.stderr == "Error: The custom download quota cannot be inferior to -1 (minus one).\n"


def test_half_a_quota_is_wrong_usage(cli):
    assert cli("quota", "set", "bob@example.org", "--max-quota", "1").exit_code == 2


def test_settings_are_shown_changed_and_reset(cli, answer):
    answer("tenants", "add", "mine")

    assert answer("settings", "set", "ticketLifetime", "60") == "ticketLifetime is 60.\n"
    values = {item["name"]: item["value"] for item in answer("settings", "show", "--json")}
    assert values["ticketLifetime"] == 60
    assert answer("settings", "set", "--", "maxQuota", "-1") == "maxQuota is -1.\n"
    assert answer("settings", "reset", "ticketLifetime") == "ticketLifetime is 3600.\n"
    assert "There is no setting 'colour'" in cli("settings", "set", "colour", "1").stderr


def test_tickets_are_issued_listed_and_revoked(cli, answer, products):
    answer(*add(products / "a.txt"))
    (checksum,) = (item["checksum"] for item in answer("files", "list", "--json"))

    issued = answer("tickets", "create", checksum, "--max-uses", "2", "--user", "bob@example.org", "--json")
    assert len(issued["token"]) == 43
    listed = answer("tickets", "list", "--checksum", checksum, "--json")
    assert [(t["state"], t["maxUses"], t["email"]) for t in listed] == [("ISSUED", 2, "bob@example.org")]
    assert issued["token"] not in json.dumps(listed)
    answer("tickets", "revoke", issued["ticket"]["id"])
    assert answer("tickets", "list", "--json")[0]["state"] == "REVOKED"
    assert cli("tickets", "create", "unknown").stderr.startswith("Error: There is no file")


def test_storages_are_added_ordered_changed_and_removed(cli, answer, products, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    answer("storages", "add", "disk2", "--path", second, "--verify")
    answer("storages", "add", "shelf", "--plugin", "none")

    answer("storages", "up", "disk2")
    order = [(s["name"], s["priority"]) for s in answer("storages", "list", "--json") if s["storageType"] == "ONLINE"]
    assert sorted(order, key=lambda item: item[1]) == [("disk2", 0), ("disk1", 1)]
    answer("storages", "down", "disk2")
    answer("storages", "set", "disk2", "--inactive")
    shown = answer("storages", "show", "disk2", "--json")
    assert (shown["active"], shown["verify"]) == (False, True)
    assert str(second) in answer("storages", "show", "disk2")
    answer("storages", "remove", "disk2")
    assert "disk2" not in answer("storages", "list")
    assert "no parameter 'Colour'" in cli("storages", "add", "x", "--parameter", "Colour=red").stderr
    assert cli("storages", "add", "x", "--parameter", "red").exit_code == 2


def test_a_storage_that_holds_files_is_not_removed(cli, answer, products):
    answer(*add(products))

    result = cli("storages", "remove", "disk1")

    assert result.exit_code == 1
    assert "remove their copies first" in result.stderr


def test_an_idle_service_has_no_transfers_and_nothing_to_sweep(cli, answer):
    answer("tenants", "add", "mine")

    assert answer("transfers", "list", "--json") == []
    assert answer("transfers", "list") == "Nothing is being sent.\n"
    assert cli("transfers", "end", "nothing").stderr == "Error: There is no such running transfer.\n"
    assert set(answer("sweep", "--json").values()) == {0}


def test_the_tenant_must_be_named_when_there_are_several(cli, answer):
    assert "tenants add NAME" in cli("quota", "show", "bob@example.org").stderr
    answer("tenants", "add", "one")
    assert cli("quota", "show", "bob@example.org").exit_code == 0
    answer("tenants", "add", "two")

    assert "--tenant: one, two" in cli("quota", "show", "bob@example.org").stderr
    assert cli("quota", "show", "bob@example.org", RS_DOWNLOADER_TENANT="two").exit_code == 0
    assert "Known are: one, two" in cli("quota", "show", "bob@example.org", "--tenant", "three").stderr
    assert answer("tenants", "list", "--json") == ["one", "two"]


def test_migrate_can_be_repeated(answer, tmp_path):
    assert answer("migrate") == answer("migrate")
    with sqlite3.connect(tmp_path / "data/rs-downloader.db") as database:
        assert database.execute("select count(*) from alembic_version").fetchone() == (1,)
    database.close()


@on_postgres
class TestOnPostgres:
    """The same commands on a database that is not migrated by itself."""

    def test_commands_ask_for_a_migration_and_then_work(self, cli):
        with postgres_database(migrated=False) as url:
            refused = cli("tenants", "list", RS_DOWNLOADER_DATABASE_URL=url)
            migrated = cli("migrate", RS_DOWNLOADER_DATABASE_URL=url)
            demo = cli("demo", "--json", RS_DOWNLOADER_DATABASE_URL=url)
            listed = cli("files", "list", RS_DOWNLOADER_DATABASE_URL=url)

        assert refused.exit_code == 1
        assert refused.stderr == "Error: The database has no schema yet. Make it with: rs-downloader migrate\n"
        assert migrated.exit_code == 0
        assert demo.exit_code == 0, demo.stderr
        assert "large.dat" in listed.stdout

    @pytest.mark.parametrize("command", [("serve", "--port", "0"), ("work", "--once"), ("tenants", "list")])
    def test_an_outdated_schema_is_refused_with_the_command_that_helps(self, cli, command):
        with postgres_database(migrated=False) as url:
            migrate.upgrade(url, "0001")
            refused = cli(*command, RS_DOWNLOADER_DATABASE_URL=url)

        assert refused.exit_code == 1
        assert refused.stderr == (
            "Error: The database's schema is of an older version (0001). "
            "Bring it up to date with: rs-downloader migrate\n"
        )

    def test_a_newer_schema_stops_no_old_version_while_a_new_one_is_rolled_out(self, cli):
        with postgres_database() as url:
            engine = create_engine_for(url)
            with engine.connect() as connection:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            engine.dispose()
            listed = cli("tenants", "list", RS_DOWNLOADER_DATABASE_URL=url)

        assert listed.exit_code == 0, listed.stderr

    def test_a_server_that_does_not_answer_is_one_line_without_its_password(self, cli):
        result = cli("tenants", "list", RS_DOWNLOADER_DATABASE_URL="postgresql+psycopg://u:hush@127.0.0.1:1/d")

        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert "hush" not in result.stderr


def test_a_wrong_setting_is_one_line_and_wrong_usage(cli):
    result = cli("tenants", "list", RS_DOWNLOADER_LEASE_SECONDS="soon")

    assert result.exit_code == 2
    assert result.stderr == "Error: RS_DOWNLOADER_LEASE_SECONDS must be a number.\n"


def test_every_option_of_every_command_can_be_a_variable(cli, answer):
    answer("tenants", "add", "mine")

    result = cli("token", RS_DOWNLOADER_TOKEN_USER="alice@example.org", RS_DOWNLOADER_TOKEN_LIFETIME="60")

    assert result.exit_code == 0
    assert cli("token", RS_DOWNLOADER_TOKEN_USR="alice@example.org").exit_code == 2


def test_a_database_that_cannot_be_had_is_one_line(cli, tmp_path):
    (tmp_path / "data/rs-downloader.db").mkdir(parents=True)

    result = cli("tenants", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_a_database_of_a_newer_version_is_one_line(cli, answer, tmp_path):
    answer("migrate")
    with sqlite3.connect(tmp_path / "data/rs-downloader.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    database.close()

    for command in (("tenants", "list"), ("migrate",)):
        result = cli(*command)

        assert result.exit_code == 1
        assert result.stderr.startswith("Error: The database is at revision 9999, which this version does not know")
        assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_database_is_one_line(cli, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rs-downloader.db").write_bytes(b"garbage" * 1000)

    result = cli("tenants", "list")

    assert result.exit_code == 1
    assert result.stderr == "Error: The database file is damaged, or is no SQLite database.\n"


def test_help_says_what_each_command_is_for(answer):
    for command in ["", *main.commands]:
        page = answer(*([command] if command else []), "--help")
        assert "Usage" in page


def test_help_names_the_variable_of_every_option(answer):
    assert "RS_DOWNLOADER_TOKEN_LIFETIME" in answer("token", "--help")
    assert "RS_DOWNLOADER_PORT" in answer("serve", "--help")
