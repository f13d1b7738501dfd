"""``rs-downloader copy-database``: moving to another database."""

import rich_click as click

from adapters.persistence import revision
from adapters.persistence.copying import copy_database
from domain.errors import InvalidValue
from entrypoints.cli.commands import data_dir_option
from entrypoints.cli.session import load_settings, prepare_schema


@click.command("copy-database")
@click.option("--to", "target", required=True, help="Database to copy to, as an SQLAlchemy URL; its tables are made.")
@data_dir_option
def copy(*, target: str, data_dir: str | None) -> None:
    """Copy everything that is recorded into another, empty database, such as from SQLite to PostgreSQL.

    Stop every server first. All or nothing: when it fails, the target stays empty. Afterwards set
    RS_DOWNLOADER_DATABASE_URL to the target, and RS_DOWNLOADER_JWT_SECRET for all instances alike.
    """
    from adapters.persistence.migrate import upgrade  # noqa: PLC0415 - other commands need no alembic

    settings = load_settings(data_dir=data_dir)
    source = settings.resolved_database_url
    if source == target:
        raise InvalidValue("Source and target are the same database.")
    prepare_schema(settings)
    upgrade(target)
    if revision.current(source) != revision.current(target):
        raise InvalidValue("The source has another schema than this version. Migrate it first: rs-downloader migrate")
    total = copy_database(source, target, copied=lambda table, count: click.echo(f"{table}: {count}"))
    click.echo(f"{total} rows are copied.")
