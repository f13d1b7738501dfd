"""Operator's commands on whole installations, as processes."""

import os
import subprocess

import pytest

from tests.contract.sql_databases import EITHER, database, every_row
from tests.e2e.real_service import COMMAND


@pytest.fixture
def run(tmp_path):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    environ["RS_DOWNLOADER_DATA_DIR"] = str(tmp_path / "data")

    def command(*arguments):
        return subprocess.run([COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False)

    return command


@pytest.mark.parametrize("kind", EITHER)
def test_an_installation_moves_to_another_database(run, tmp_path, kind):
    assert run("demo").returncode == 0
    with database(kind, migrated=False) as target:
        moved = run("copy-database", "--to", target)
        again = run("copy-database", "--to", target)

        assert (moved.returncode, moved.stderr) == (0, "")
        assert "rows are copied" in moved.stdout
        assert every_row(target) == every_row(f"sqlite:///{tmp_path / 'data' / 'rs-downloader.db'}")
        assert again.returncode == 1
        assert "not empty" in again.stderr


def test_a_tenant_is_removed_only_when_that_is_meant(run, tmp_path):
    assert run("demo").returncode == 0

    asked = run("tenants", "remove", "demo")
    removed = run("tenants", "remove", "demo", "--yes")
    again = run("tenants", "remove", "demo", "--yes")
    back = run("tenants", "add", "demo")

    rows = every_row(f"sqlite:///{tmp_path / 'data' / 'rs-downloader.db'}")
    assert asked.returncode == 1
    assert (removed.returncode, removed.stdout) == (0, "Tenant demo is removed.\n")
    assert (again.returncode, again.stderr) == (1, "Error: There is no tenant 'demo'.\n")
    assert (back.returncode, "still being deleted" in back.stderr) == (1, True)
    assert {name for name, found in rows.items() if found} == {"tenant_removal"}
