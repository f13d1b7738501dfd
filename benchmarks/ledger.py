"""``python -m benchmarks.ledger [--quick]``: the ledger alone, next to the raw rate of its database.

Small downloads (look-up, admission, settlement) of one hot user and of 1000 users, with grouped commits and one by one,
on SQLite and, where ``RS_DOWNLOADER_TEST_POSTGRES_URL`` names a server, on PostgreSQL. The reference is the rate of
transactions of a single-row ``UPDATE`` each, on one connection to the same database, in the same interleaved rounds; an
admitted and settled download is two transactions' worth of work.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.grouping import LARGEST_GROUP
from adapters.persistence.ledger import SqlLedger
from benchmarks.databases import VARIABLE, fresh_schema
from benchmarks.report import Line, interleaved, median_ratio, spread, table
from domain.account import AccountKey
from domain.download import TransferRequest
from domain.quota import Granted, Policy
from domain.settlement import Outcome

TENANT, SIZE, MANY = "bench", 1024, 1000
GOAL_TRANSACTIONS = 0.1


def main() -> int:
    """Print one table for each database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    seconds, rounds = (0.5, 3) if options.quick else (2.0, 7)
    with tempfile.TemporaryDirectory(prefix="rs-downloader-bench-") as folder:
        databases = {"SQLite": f"sqlite:///{Path(folder) / 'state.db'}"}
        migrate.upgrade(databases["SQLite"])
        print(f"\n### SQLite\n\n{table(measured(databases['SQLite'], seconds, rounds))}", flush=True)
    if VARIABLE not in os.environ:
        print(f"\nPostgreSQL was not measured: {VARIABLE} names no server.")
        return 0
    with fresh_schema(os.environ[VARIABLE]) as url:
        print(f"\n### PostgreSQL\n\n{table(measured(url, seconds, rounds))}", flush=True)
    return 0


def measured(url: str, seconds: float, rounds: int) -> list[Line]:
    """All lines of one database."""
    targets: dict[str, Callable[[], float]] = {}
    benches: dict[str, Bench] = {}
    for users, name in ((1, "1 hot user"), (MANY, f"{MANY} users")):
        targets[f"raw, {name}"] = partial(_raw, url, users, seconds)
        for in_flight, largest, how in (
            (100, LARGEST_GROUP, "grouped"),
            (100, 1, "one by one"),
            (1, LARGEST_GROUP, ""),
        ):
            what = f"{name}, {in_flight} in flight{', ' if how else ''}{how}"
            benches[what] = Bench(url, users, in_flight, largest, seconds)
            targets[what] = benches[what].run
    results = interleaved(targets, rounds)
    lines = []
    for what, bench in benches.items():
        raw = results[f"raw, {what.partition(',')[0]}"]
        lines.append(
            Line(
                what=what,
                value=statistics.median(results[what]),
                unit="/s",
                reference=statistics.median(raw),
                ratio=median_ratio(results[what], raw),
                note=f"{spread(results[what], raw)}; per download: {bench.statements:.2f} statements",
            )
        )
        is_goal = "100 in flight, grouped" in what
        lines.append(
            Line(
                what=f"{what}: transactions per download",
                value=bench.transactions,
                unit="",
                at_most=GOAL_TRANSACTIONS if is_goal else None,
            )
        )
    return lines


class Bench:
    """Downloads of so many users, so many at once, for some seconds; what they asked of the database."""

    def __init__(self, url: str, users: int, in_flight: int, largest_group: int, seconds: float) -> None:
        self._url, self._in_flight, self._largest, self._seconds = url, in_flight, largest_group, seconds
        self._users = itertools.cycle([AccountKey(TENANT, f"user{number}@example.org") for number in range(users)])
        self.statements = 0.0
        self.transactions = 0.0

    def run(self) -> float:
        """Downloads per second."""
        return asyncio.run(self._run())

    async def _run(self) -> float:
        ledger = SqlLedger(self._url, Policy(), largest_group=self._largest)
        finder = SqlFileFinder(self._url)
        try:
            await self._download(ledger, finder)
            asked = (finder.statistics, ledger.statistics.writing, ledger.statistics.reading)
            before = [(each.statements, each.transactions) for each in asked]
            started = time.monotonic()
            counts = await asyncio.gather(
                *(self._client(ledger, finder, started + self._seconds) for _ in range(self._in_flight))
            )
            elapsed, total = time.monotonic() - started, sum(counts)
            self.statements = sum(e.statements - b[0] for e, b in zip(asked, before, strict=True)) / total
            # The look-up is a query without a transaction of its own.
            self.transactions = sum(e.transactions - b[1] for e, b in list(zip(asked, before, strict=True))[1:]) / total
            return total / elapsed
        finally:
            await ledger.aclose()
            await finder.aclose()

    async def _client(self, ledger: SqlLedger, finder: SqlFileFinder, ends: float) -> int:
        count = 0
        while time.monotonic() < ends:
            await self._download(ledger, finder)
            count += 1
        return count

    async def _download(self, ledger: SqlLedger, finder: SqlFileFinder) -> None:
        now = datetime.now(UTC)
        await finder.find(TENANT, "none")
        request = TransferRequest(
            account=next(self._users),
            checksum="none",
            size_bytes=SIZE,
            is_counted=True,
            start=0,
            length=SIZE,
            transfer_id=secrets.token_hex(16),
            download_id=secrets.token_hex(16),
            instance_id="bench",
        )
        decision = await ledger.admit(request, now)
        if not isinstance(decision, Granted):
            raise TypeError(f"refused: {decision}")
        await ledger.settle(request.transfer_id, Outcome(delivered_bytes=SIZE, is_completed=True), now)


def _raw(url: str, users: int, seconds: float) -> float:
    """Transactions of one single-row UPDATE each, per second, on one connection."""
    engine = create_engine_for(url, only_looks_up=True)
    try:
        with engine.connect() as connection:
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS bench_raw (id INTEGER PRIMARY KEY, n INTEGER)")
            connection.exec_driver_sql("DELETE FROM bench_raw")
            for number in range(users):
                connection.exec_driver_sql(f"INSERT INTO bench_raw VALUES ({mark}, 0)", (number,))
            started, count = time.monotonic(), 0
            while time.monotonic() < started + seconds:
                connection.exec_driver_sql(f"UPDATE bench_raw SET n = n + 1 WHERE id = {mark}", (count % users,))
                count += 1
            return count / (time.monotonic() - started)
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
