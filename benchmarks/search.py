"""``python -m benchmarks.search [--products N]``: the queries of docs/search.md over many products on PostgreSQL.

Needs ``RS_DOWNLOADER_TEST_POSTGRES_URL``, on whose server it makes a schema of its own and drops it at the end; only a
superuser may load without checking each reference. Prints how long each query takes for a user who sees half of the
products, page and count together, and every step of a plan that would read a whole table.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import event, make_url, text

from adapters.persistence import migrate
from adapters.persistence.catalogue_rows import dataset_values, entry_values, product_values
from adapters.persistence.engine import create_async_engine_for, create_engine_for
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.tables import (
    product,
    product_attribute,
    product_dataset,
    product_file,
    product_words,
)
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.query.lucene import parse
from application.ports.search import SearchRequest
from benchmarks.search_data import (
    FIRST,
    GROUP,
    NOW,
    PLATFORMS,
    TENANT,
    TITLES,
    a_product,
    attribute_lines,
    rights,
    words_line,
)
from domain.access import Caller, Role
from domain.groups import AccessGroup
from domain.search import AllOf, Criterion, Field, Sorting, Touches
from domain.urn import EntityType

VARIABLE = "RS_DOWNLOADER_TEST_POSTGRES_URL"
AT_ONCE = 5000
WATCHED = {"product", "product_attribute", "product_words", "product_dataset", "product_file"}
_TABLES = (product, product_file, product_dataset, product_attribute, product_words)
_CALLER = Caller(TENANT, "user@example.org", Role.REGISTERED_USER, frozenset({GROUP}))

_Query = Callable[[random.Random], tuple[Criterion, tuple[Sorting, ...]]]


def main() -> int:
    """Load, ask, report; 1 when a plan reads a whole table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100, help="how often each query is asked, with other values")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that load")
    options = parser.parse_args()
    server = make_url(os.environ[VARIABLE])
    schema = f"bench_{secrets.token_hex(6)}"
    url = server.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    _execute(server.render_as_string(hide_password=False), f"CREATE SCHEMA {schema}")
    try:
        migrate.upgrade(url)
        started = time.monotonic()
        _load(url, options.products, options.processes)
        print(f"{options.products} products loaded in {time.monotonic() - started:.0f} s.", flush=True)
        return asyncio.run(_ask_all(url, options.products, options.rounds))
    finally:
        _execute(server.render_as_string(hide_password=False), f"DROP SCHEMA {schema} CASCADE")


def _load(url: str, products: int, processes: int) -> None:
    asyncio.run(_save_rights(url))
    engine = create_engine_for(url)
    with engine.connect() as connection:
        indexes = connection.execute(
            text(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
                " AND tablename = ANY(:tables) AND indexname LIKE 'ix%'"
            ),
            {"tables": [table.name for table in _TABLES]},
        ).all()
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        starts = range(0, products, AT_ONCE)
        parts = [(url, start + 1000, min(AT_ONCE, products - start)) for start in starts]
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            for _ in pool.imap_unordered(_load_part, parts):
                pass
        print("Rows are in; indexes follow.", flush=True)
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
        for _, definition in indexes:
            connection.execute(text(definition))
        for table in _TABLES:
            connection.execute(text(f"VACUUM ANALYZE {table.name}"))
    engine.dispose()


async def _save_rights(url: str) -> None:
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as work:
        await work.tenants.add(TENANT, NOW)
        await work.access.save_groups([AccessGroup(tenant=TENANT, name=GROUP)])
        await work.access.save_rights(rights())
        await work.commit()
    await engine.dispose()


def _load_part(part: tuple[str, int, int]) -> None:
    url, first, count = part
    values = {number: a_product(number) for number in range(first, first + count)}
    rows: dict[str, list[Iterable[object]]] = {
        "product": [(number, *product_values(value).values()) for number, value in values.items()],
        "product_file": [
            entry_values(entry, product_id=number, position=0, tenant=TENANT).values()
            for number, value in values.items()
            for entry in value.files
        ],
        "product_dataset": [
            row.values() for number, value in values.items() for row in dataset_values(value, product_id=number)
        ],
        "product_attribute": [row for number, value in values.items() for row in attribute_lines(value, number)],
        "product_words": [words_line(value, number) for number, value in values.items()],
    }
    one = next(iter(values.values()))
    columns: dict[str, Iterable[str]] = {
        "product": ("id", *product_values(one)),
        "product_file": entry_values(one.files[0], product_id=0, position=0, tenant=TENANT),
        "product_dataset": dataset_values(one, product_id=0)[0],
        "product_attribute": [column.name for column in product_attribute.c],
        "product_words": [column.name for column in product_words.c],
    }
    target = make_url(url)
    with psycopg.connect(
        host=target.host,
        port=target.port or 5432,
        user=target.username,
        password=target.password,
        dbname=target.database,
        options=str(target.query.get("options", "")),
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")
        for table, lines in rows.items():
            names = ", ".join(columns[table])
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                copy.write("".join("\t".join(map(_written, line)) + "\n" for line in lines))


def _written(value: object) -> str:
    if value is None:
        return "\\N"
    plain = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return plain.replace("\\", "\\\\") if "\\" in plain else plain


def _queries(products: int) -> dict[str, _Query]:
    """The queries of docs/search.md, each with values by chance."""

    def day(chance: random.Random) -> str:
        return (FIRST + timedelta(days=chance.randrange(4000))).strftime("%Y-%m-%d")

    def lucene(write: Callable[[random.Random], str], *sorting: Sorting) -> _Query:
        return lambda chance: (parse(write(chance)), sorting)

    def near(chance: random.Random) -> tuple[Criterion, tuple[Sorting, ...]]:
        west, south = chance.uniform(-180, 178), chance.uniform(-80, 77)
        box = Touches(west=west, south=south, east=west + 2, north=south + 2)
        return AllOf((box, parse("cloud:[0 TO 20]"))), ()

    newest = Sorting(field=Field("datetime"), is_descending=True)
    return {
        "two words": lucene(lambda c: f"title:({c.choice(TITLES)} AND {c.choice(TITLES)})"),
        "name": lucene(lambda c: f"providerId:scene-{1000 + c.randrange(products):07}"),
        "wildcard": lucene(lambda c: f"rawdata:scene_{c.randrange(products // 1000 + 1):04}*"),
        "expression": lucene(lambda c: f"orbit:{c.randrange(1, 5000)} AND region:/[a-e](sea|snow).+_[0-9]/"),
        "numbers": lucene(lambda c: f"cloud:[{(low := c.randrange(99))} TO {low}.5] AND orbit:[100 TO 200]"),
        "time": lucene(lambda c: f'datetime:[{(d := day(c))} TO {d}] AND platform:"{c.choice(PLATFORMS)}"'),
        "place and numbers": near,
        "not": lucene(lambda c: f"orbit:{c.randrange(1, 5000)} AND NOT quality:good"),
        "one of": lucene(lambda c: f"orbit:{c.randrange(1, 5000)} OR title:({c.choice(TITLES)} AND icebed)"),
        "many, newest first": lucene(lambda c: f'platform:"{c.choice(PLATFORMS)}"', newest),
        "everything": lambda _: (AllOf(()), ()),
    }


async def _ask_all(url: str, products: int, rounds: int) -> int:
    engine = create_async_engine_for(url)
    search = SqlProductSearch(engine)
    statements: list[tuple[str, Any]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    print(f"\n{rounds} times each, a user of {GROUP}, 20 to the page.\n", flush=True)
    print("| query | found | p50 ms | p99 ms | reads a whole table |\n| --- | --- | --- | --- | --- |", flush=True)
    bad = 0
    for name, write in _queries(products).items():
        chance = random.Random(name)
        seconds: list[float] = []
        totals: list[int] = []
        whole: set[str] = set()
        deadline = time.monotonic() + 20
        for turn in range(rounds):
            criterion, sorting = write(chance)
            statements.clear()
            started = time.perf_counter()
            page = await search.page(
                SearchRequest(caller=_CALLER, criterion=criterion, sorting=sorting, kinds=frozenset({EntityType.DATA}))
            )
            seconds.append(time.perf_counter() - started)
            totals.append(page.total)
            if turn == 0:
                whole = await _whole_tables(engine, list(statements))
            if time.monotonic() > deadline and turn > 5:
                break
        bad += bool(whole)
        ranked = sorted(seconds)
        p99 = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
        print(
            f"| {name} | {statistics.median(totals):.0f} | {statistics.median(seconds) * 1000:.1f} | {p99 * 1000:.1f}"
            f" | {', '.join(sorted(whole)) or 'no'} |",
            flush=True,
        )
    await engine.dispose()
    return 1 if bad else 0


async def _whole_tables(engine: Any, statements: Sequence[tuple[str, Any]]) -> set[str]:
    """The tables that a plan of one of the statements would read as a whole, with the settings of searches."""
    found: set[str] = set()
    async with engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith("SET"):
                await connection.exec_driver_sql(statement)
                continue
            if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
                continue
            rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plan = rows.scalar_one()
            found |= _scans(plan[0]["Plan"])
        await connection.rollback()
    return found


def _scans(node: Mapping[str, Any]) -> set[str]:
    own = {node["Relation Name"]} if node["Node Type"] == "Seq Scan" and node["Relation Name"] in WATCHED else set()
    return own.union(*(_scans(child) for child in node.get("Plans", ())))


def _execute(url: str, statement: str) -> None:
    engine = create_engine_for(url)
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(statement))
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
