"""``make migration``: a new migration from the difference between the tables and the history."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for


def write(why: str) -> None:
    """Write a draft into ``migrations/versions``, by comparison with a scratch database at the newest revision."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'scratch.db')}"
        migrate.upgrade(url)
        engine = create_engine_for(url)
        try:
            with engine.connect() as connection:
                command.revision(migrate.configuration(connection), why, autogenerate=True)
        finally:
            engine.dispose()


if __name__ == "__main__":
    write(sys.argv[1])
