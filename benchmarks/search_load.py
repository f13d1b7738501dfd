"""A large catalogue into PostgreSQL within minutes: the rows that saving each product would write, by COPY.

Rows are made by the functions that a save uses (``product_values``, ``attribute_values``, ``words_values`` …), by
several processes; indexes are made behind them, as after a restored dump. The tables are not logged: that saves the
writing of everything twice, and no reading of them is any different.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from sqlalchemy import make_url, text

from adapters.persistence.attribute_rows import attribute_values, words_values
from adapters.persistence.catalogue_rows import dataset_values, entry_values, product_values
from adapters.persistence.engine import create_async_engine_for, create_engine_for
from adapters.persistence.tables import product, product_attribute, product_dataset, product_file, product_words
from adapters.persistence.unit_of_work import SqlUnitOfWork
from benchmarks.search_data import FIRST_SCENE, NOW, SMALL, TENANT, a_dataset, a_scene, groups, rights
from domain.product import Product

TABLES = (product_words, product_attribute, product_dataset, product_file, product)
"""Of the size of the catalogue, each before what it refers to."""
_AT_ONCE = 5000


def load(url: str, products: int, processes: int, *, say: Callable[[str], None]) -> None:
    """Fill the migrated, empty database."""
    asyncio.run(_save_rights(url))
    indexes = _take_indexes(url)
    starts = range(0, products, _AT_ONCE)
    parts = [(url, FIRST_SCENE + start, min(_AT_ONCE, products - start)) for start in starts]
    _copy(url, {number: a_dataset(number) for number in range(1, SMALL + 1)})
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for _ in pool.imap_unordered(_load_part, parts):
            pass
    say("rows are in")
    with ThreadPoolExecutor(processes) as pool_of_indexes:
        list(pool_of_indexes.map(lambda index: _run(url, index), indexes))
    say("indexes are made")
    _run(url, *(f"VACUUM ANALYZE {table.name}" for table in TABLES))


async def _save_rights(url: str) -> None:
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as work:
        await work.tenants.add(TENANT, NOW)
        await work.access.save_groups(groups())
        await work.access.save_rights(rights())
        await work.commit()
    await engine.dispose()


def _take_indexes(url: str) -> list[str]:
    """Drop all but the keys; how to make them, the longest first."""
    engine = create_engine_for(url)
    with engine.connect() as connection:
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table.name} SET UNLOGGED"))
        rows = connection.execute(
            text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:tables) AND indexname LIKE 'ix%'"),
            {"tables": [table.name for table in TABLES]},
        ).all()
        for name, _ in rows:
            connection.execute(text(f"DROP INDEX {name}"))
    engine.dispose()
    order = ("product_words", "product_attribute_folded", "product_attribute", "product_box")
    return [
        definition
        for name, definition in sorted(
            rows, key=lambda row: next((place for place, part in enumerate(order) if part in row[0]), len(order))
        )
    ]


def _run(url: str, *statements: str) -> None:
    engine = create_engine_for(url)
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _load_part(part: tuple[str, int, int]) -> None:
    url, first, count = part
    _copy(url, {number: a_scene(number) for number in range(first, first + count)})


def _copy(url: str, values: Mapping[int, Product]) -> None:
    rows: dict[str, list[dict[str, object]]] = {
        "product": [{"id": number} | product_values(value) for number, value in values.items()],
        "product_file": [
            entry_values(entry, product_id=number, position=position, tenant=TENANT)
            for number, value in values.items()
            for position, entry in enumerate(value.files)
        ],
        "product_dataset": [
            row for number, value in values.items() for row in dataset_values(value, product_id=number)
        ],
        "product_attribute": [
            row for number, value in values.items() for row in attribute_values(value, product_id=number)
        ],
        "product_words": [words_values(value, product_id=number) for number, value in values.items()],
    }
    target = make_url(url)
    with psycopg.connect(
        host=target.host,
        port=target.port or 5432,
        user=target.username,
        password=target.password,
        dbname=target.database,
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")
        for table, lines in rows.items():
            if lines:
                with cursor.copy(f"COPY {table} ({', '.join(lines[0])}) FROM STDIN".encode()) as copy:
                    copy.write("".join(_line(line.values()) for line in lines))


def _line(values: Iterable[object]) -> str:
    return "\t".join([_WRITTEN.get(type(value), str)(value) for value in values]) + "\n"


def _text(value: str) -> str:
    """As COPY reads it: the backslash is the only character of these products that means anything there."""
    return value.replace("\\", "\\\\") if "\\" in value else value


def _json(value: object) -> str:
    return _text(json.dumps(value))


_WRITTEN: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    str: _text,
    dict: _json,
    list: _json,
}
