"""The schema's history: up, down and up again, equal to the tables in code, and safe when several processes start."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for
from adapters.persistence.revision import current, is_outdated, newest
from adapters.persistence.tables import metadata
from adapters.persistence.tables.searches import FTS_TABLES
from tests.contract.sql_databases import EITHER, database, on_postgres

REVISIONS = [revision.revision for revision in ScriptDirectory.from_config(migrate.configuration()).walk_revisions()][
    ::-1
]
HEAD = REVISIONS[-1]


@pytest.fixture(params=EITHER)
def url(request) -> Iterator[str]:
    with database(request.param, migrated=False) as url:
        yield url


def test_every_migration_goes_up_down_and_up_again(url) -> None:
    before = None
    for revision in REVISIONS:
        migrate.upgrade(url, revision)
        migrate.downgrade(url, before or "base")
        assert current(url) == before
        migrate.upgrade(url, revision)
        assert current(url) == revision
        before = revision


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert newest() == HEAD
    assert [is_outdated(revision) for revision in (*REVISIONS, "9999")] == [
        *(True for _ in REVISIONS[1:]),
        False,
        False,
    ]


def test_upgrading_twice_does_nothing(url) -> None:
    assert current(url) is None
    migrate.upgrade(url)
    migrate.upgrade(url)

    assert current(url) == HEAD


def test_going_down_leaves_nothing_behind(url) -> None:
    migrate.upgrade(url)
    migrate.downgrade(url, "base")

    assert set(described(url)) <= {"alembic_version"}


# Only PostgreSQL has these indexes, and only there they are compared: by the next test, as this one cannot read
# expressions.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index 'ix_product_box'")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index 'ix_product_time'")
def test_the_tables_in_code_are_those_of_the_migrations(url) -> None:
    migrate.upgrade(url)

    engine = create_engine_for(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        if connection.dialect.name == "sqlite":
            options["include_object"] = is_compared
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


@pytest.mark.parametrize("kind", EITHER)
def test_constraints_and_indexes_in_code_are_those_of_the_migrations(kind) -> None:
    with database(kind) as migrated, database(kind, migrated=False) as created:
        engine = create_engine_for(created)
        metadata.create_all(engine)
        engine.dispose()

        expected = described(created)
        actual = described(migrated)

    actual.pop("alembic_version")
    assert actual == expected
    made_by_fts5 = FTS_TABLES - set(metadata.tables) if kind == "sqlite" else set()
    assert len(actual) == len(metadata.tables) + len(made_by_fts5)


@on_postgres
def test_statistics_in_code_are_those_of_the_migrations() -> None:
    with database("postgresql") as migrated, database("postgresql", migrated=False) as created:
        engine = create_engine_for(created)
        metadata.create_all(engine)
        engine.dispose()

        assert statistics(migrated) == statistics(created) != []


def statistics(url: str) -> list[tuple[object, ...]]:
    """What PostgreSQL is told to count of several columns together."""
    query = (
        "SELECT stxname, stxrelid::regclass::text, stxkeys::text, stxkind::text FROM pg_statistic_ext"
        " WHERE stxnamespace = current_schema()::regnamespace ORDER BY stxname"
    )
    engine = create_engine_for(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def test_every_constraint_has_a_name(url) -> None:
    migrate.upgrade(url)

    for table, parts in described(url).items():
        for kind in ("unique", "check", "foreign", "indexes"):
            assert all(part["name"] for part in parts[kind]), (table, kind)


def test_several_processes_may_upgrade_at_once(url) -> None:
    program = f"from adapters.persistence import migrate; migrate.upgrade({url!r})"
    root = Path(__file__).parents[2]

    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program], cwd=root, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outcomes = [(process.communicate()[1], process.returncode) for process in processes]

    assert outcomes == [("", 0)] * 3
    assert current(url) == HEAD


def test_a_folder_with_a_percent_sign_and_spaces_is_no_obstacle(tmp_path) -> None:
    path = tmp_path / "50% of it" / "deep" / "state.sqlite"

    migrate.upgrade(f"sqlite:///{path}")

    assert path.exists()
    assert current(f"sqlite+aiosqlite:///{path}") == HEAD


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url) -> None:
    with pytest.raises(ValueError, match="must be a file"):
        migrate.upgrade(url)


def is_compared(_thing, name, kind, _is_reflected, _other) -> bool:
    """FTS5 makes its tables itself on SQLite, in a way that no tool knows; PostgreSQL has a table to compare."""
    return kind != "table" or name not in FTS_TABLES


def described(url: str) -> dict[str, dict[str, list[dict[str, object]]]]:
    """What the database says of its tables."""
    engine = create_engine_for(url)
    with engine.connect() as connection:
        tables = {name: describe(connection, name) for name in inspect(connection).get_table_names()}
    engine.dispose()
    return tables


def describe(connection: Connection, table: str) -> dict[str, list[dict[str, object]]]:
    inspector = inspect(connection)
    return {
        "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
        "primary": [inspector.get_pk_constraint(table)],
        "unique": sorted(inspector.get_unique_constraints(table), key=repr),
        "check": sorted(inspector.get_check_constraints(table), key=repr),
        "foreign": sorted(inspector.get_foreign_keys(table), key=repr),
        "indexes": sorted((plain(index) for index in inspector.get_indexes(table)), key=repr),
    }


def plain(index) -> dict[str, object]:
    """An index with its conditions as text, which can be compared."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}
