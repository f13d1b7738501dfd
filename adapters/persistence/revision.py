"""Which revision a database's schema is at, and which one this version needs.

Each command asks this when it starts. It is answered without alembic, whose import takes longer than most commands;
``adapters.persistence.migrate`` is for those that have something to migrate.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources

from sqlalchemy import Engine, inspect, text

from adapters.persistence.engine import create_engine_for, sqlite_path
from adapters.persistence.failures import translating

_REVISION = re.compile(r'^(down_)?revision = "(\w+)"', re.MULTILINE)


def current(url: str) -> str | None:
    """The revision that the schema is at; ``None`` for an empty database. Raises ``DatabaseUnavailable``."""
    with short_lived_engine(url) as engine, translating(), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def newest() -> str:
    """The revision that no migration comes after."""
    made, left = _history()
    [head] = made - left
    return head


def is_outdated(revision: str) -> bool:
    """Whether migrating would bring a schema at this revision further; not so for one of a newer version."""
    made, _ = _history()
    return revision in made and revision != newest()


@cache
def _history() -> tuple[set[str], set[str]]:
    """The revisions that migrations make, and those that they start from."""
    made: set[str] = set()
    left: set[str] = set()
    for script in resources.files("migrations").joinpath("versions").iterdir():
        if script.name.endswith(".py"):
            for down, name in _REVISION.findall(script.read_text(encoding="utf-8")):
                (left if down else made).add(name)
    return made, left


@contextmanager
def short_lived_engine(url: str) -> Iterator[Engine]:
    """An engine for a moment, before an event loop runs. Creates the folder of an SQLite file."""
    engine = create_engine_for(url)
    try:
        if engine.dialect.name == "sqlite":
            sqlite_path(engine.url).parent.mkdir(parents=True, exist_ok=True)
        yield engine
    finally:
        engine.dispose()
