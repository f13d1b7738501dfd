"""What is watched of a running instance: the numbers that nobody counts, because they are there to be read."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.http.gate import Gate
from adapters.http.management import ManagementApp, managed
from adapters.persistence.ledger import SqlLedger
from adapters.telemetry.metrics import Metrics
from application.delivery.rota import Rota
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots


@asynccontextmanager
async def observed(container: Any, management: socket.socket | None) -> AsyncIterator[None]:
    """Tell health and numbers on a listening socket, if there is one, while the block runs; closes the socket."""
    if management is None:
        yield
        return
    app = ManagementApp(container.use_cases.check_health(), container.adapters.metrics().exposition)
    async with managed(app, management):
        yield


def watch(container: Any, gate: Gate) -> None:
    """Let the metrics of an HTTP container read its parts."""
    metrics: Metrics = container.adapters.metrics()
    running: RunningTransfers = container.use_cases.running()
    slots: Slots = container.use_cases.slots()
    metrics.watch("transfers_running", "Transfers that run here now.", lambda: len(running))
    metrics.watch(
        "transfers_unsettled", "Ended transfers that the database did not take yet.", lambda: len(running.unsettled)
    )
    rota: Rota = container.use_cases.rota()
    metrics.watch("relays_running", "Transfers of other instances that are passed on now.", lambda: rota.running)
    metrics.watch("relay_failures", "Times that another instance did not answer.", lambda: rota.failures, counts=True)
    metrics.watch("waiting_for_slot", "Requests that wait for a download slot.", lambda: slots.waiting)
    metrics.watch("http_requests_in_progress", "Requests in progress, without transfers.", lambda: gate.requests)
    metrics.watch(
        "http_requests_refused",
        "Requests that were refused before anything was read.",
        lambda: gate.refused,
        label="reason",
        counts=True,
    )
    _watch_ledger(metrics, container.adapters.ledger())
    lookups = {"file": container.adapters.file_finder(), "access": container.adapters.catalogue_finder()}
    metrics.watch(
        "lookup_statements",
        "Statements that look up files, and who may have them.",
        lambda: {name: finder.statistics.statements for name, finder in lookups.items()},
        label="of",
        counts=True,
    )


def _watch_ledger(metrics: Metrics, ledger: SqlLedger) -> None:
    threads = {"writing": ledger.statistics.writing, "reading": ledger.statistics.reading}
    for name, meaning in {
        "transactions": "Transactions of the ledger.",
        "statements": "Statements of the ledger.",
        "retries": "Transactions of the ledger that were tried again.",
    }.items():
        metrics.watch(
            f"ledger_{name}",
            meaning,
            lambda name=name: {thread: getattr(found, name) for thread, found in threads.items()},  # type: ignore[misc]  # a default that only binds the name
            label="thread",
            counts=True,
        )
    metrics.watch("ledger_waiting", "Calls that wait for the ledger's writer.", lambda: ledger.groups.waiting)
    metrics.watch_groups("ledger_group_size", "Calls that shared one transaction of the ledger.", ledger.groups)
