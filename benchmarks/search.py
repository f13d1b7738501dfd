"""``python -m benchmarks.search [--products N]``: the queries of docs/search.md over many products on PostgreSQL.

Needs ``RS_DOWNLOADER_TEST_POSTGRES_URL``, on whose server it makes a database of its own and drops it at the end; only
a superuser may load without checking each reference. Prints how long each query takes, page and count together, for
callers who see half of the products, few of them, and all; then by which indexes PostgreSQL answered. The exit code is
1 where a goal is missed, or a plan reads a large table as a whole.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import attrs
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence import migrate
from adapters.persistence.engine import create_async_engine_for, create_engine_for
from benchmarks.search_import import import_rate
from benchmarks.search_load import load
from benchmarks.search_plans import Scan, in_words, noted_statements, scans_of, sizes_of
from benchmarks.search_queries import CALLERS, Query, queries
from domain.access import Caller
from domain.search import QueryInvalid

VARIABLE = "RS_DOWNLOADER_TEST_POSTGRES_URL"
_EXPLAINED = 3
"""Of the rounds, so many are explained, since the plan depends on what is asked."""
_LONGEST = 10
"""Seconds after which a query is not asked again."""


def main() -> int:
    """Load, ask, report; 1 when a goal is missed or a plan reads a whole table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100, help="how often each query is asked, with other values")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that load")
    parser.add_argument("--database", default="rsd_bench_search", help="its name")
    parser.add_argument("--keep", action="store_true", help="keep the database, or ask the one that was kept")
    parser.add_argument("--imported", type=int, default=2000, help="products that are imported at the end; 0: none")
    parser.add_argument("--only", default="", help="queries with this in their name")
    options = parser.parse_args()
    server = make_url(os.environ[VARIABLE]).set(query={})
    url = server.set(database=options.database).render_as_string(hide_password=False)
    is_there = options.keep and _exists(server, options.database)
    if not is_there:
        _on(server, f"CREATE DATABASE {options.database}")
    try:
        if not is_there:
            migrate.upgrade(url)
            load(url, options.products, options.processes, say=_stopwatch())
        bad = asyncio.run(_ask_all(url, options.products, options.rounds, options.only))
        if options.imported:
            rate = import_rate(url, options.products, options.imported)
            print(f"\n`catalog import` of {options.imported} more: {rate:.0f} products/s.")
        verdict = f"{bad} goals are missed" if bad else "Every goal is met"
        print(f"\n{verdict}; load average {os.getloadavg()[0]:.1f}.")
        return 1 if bad else 0
    finally:
        if not options.keep:
            _on(server, f"DROP DATABASE {options.database}")


@attrs.frozen(kw_only=True)
class _Result:
    """What came of one query by one caller; seconds."""

    found: float
    seconds: Sequence[float]
    scans: Sequence[Scan]

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def p99(self) -> float:
        """As many answers as that took at most so long: of a hundred, all but one."""
        ranked = sorted(self.seconds)
        return ranked[-(-len(ranked) * 99 // 100) - 1] * 1000


async def _ask_all(url: str, products: int, rounds: int, only: str) -> int:
    engine = create_async_engine_for(url)
    sizes = await sizes_of(engine)
    print(
        f"\nEach asked {rounds} times with other values by a caller who sees half of the products (few, all: fewer).\n"
    )
    columns = ("query", "found", "p50 ms", "p99 ms", "few: p99", "all: p99", "goal")
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns), flush=True)
    plans: list[tuple[Query, Mapping[str, _Result]]] = []
    bad = 0
    for query in queries(engine, products):
        if only not in query.name:
            continue
        results = {
            name: await _asked(engine, query, caller, rounds if name == "half" else max(6, rounds // 4))
            for name, caller in CALLERS.items()
        }
        plans.append((query, results))
        slowest = max(result.p99 for result in results.values())
        is_met = query.goal_ms is None or slowest < query.goal_ms
        half = results["half"]
        goal = "" if query.goal_ms is None else f"< {query.goal_ms} {'met' if is_met else 'MISSED'}"
        print(
            f"| {query.name} | {half.found:.0f} | {half.p50:.1f} | {half.p99:.1f} | {results['few'].p99:.1f}"
            f" | {results['all'].p99:.1f} | {goal} |",
            flush=True,
        )
        bad += not is_met
    print(f"\nRows read, of {', '.join(f'{size:.0f} in {name}' for name, size in sizes.items())}:\n")
    for query, results in plans:
        for caller, result in results.items():
            print(f"- {query.name} ({caller}): {in_words(result.scans)}")
            whole = {scan for scan in result.scans if scan.reads_all(sizes)}
            for scan in whole:
                print(f"  READS A WHOLE TABLE: {scan.kind} of {scan.table} {scan.index or ''} {scan.rows}")
            bad += bool(whole) and query.goal_ms is not None
    await engine.dispose()
    return bad


async def _asked(engine: AsyncEngine, query: Query, caller: Caller, rounds: int) -> _Result:
    chance = random.Random(query.name)
    seconds: list[float] = []
    found: list[int] = []
    scans: list[Scan] = []
    deadline = time.monotonic() + _LONGEST
    for turn in range(rounds):
        with noted_statements(engine) as statements:
            started = time.perf_counter()
            with suppress(QueryInvalid):  # it takes too long
                found.append(await query.ask(chance, caller))
            seconds.append(time.perf_counter() - started)
        if turn < _EXPLAINED and len(found) > turn:
            scans += [scan for each in await scans_of(engine, statements) for scan in each]
        elif time.monotonic() > deadline:
            break
    return _Result(found=statistics.median(found or [0]), seconds=seconds, scans=scans)


def _stopwatch() -> Callable[[str], None]:
    started = time.monotonic()
    return lambda what: print(f"{time.monotonic() - started:.0f} s: {what}", flush=True)


def _exists(server: URL, name: str) -> bool:
    engine = create_engine_for(server.render_as_string(hide_password=False))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first()
    engine.dispose()
    return found is not None


def _on(server: URL, statement: str) -> None:
    engine = create_engine_for(server.render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(statement))
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
