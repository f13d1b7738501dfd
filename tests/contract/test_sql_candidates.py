"""The search for downloads to continue: what it leaves out never changes a decision, and it costs no history."""

from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.persistence.connection import WRITING, DedicatedConnection, Session
from adapters.persistence.json_rows import encoded
from adapters.persistence.ledger_jobs import Admit, Settle
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.ledger_statements import LedgerStatements
from adapters.persistence.loading import Loading
from adapters.persistence.statements import Prepared
from adapters.persistence.working_set import Rows, WorkingSet
from domain.account import Account
from domain.download import Download, Transfer
from domain.quota import Policy
from domain.settlement import Outcome
from tests.contract.sql_databases import EITHER, database
from tests.factories import ALICE, NOW, a_request, a_ticket

HOUR = timedelta(hours=1)
LARGE = 1024**3
"""Bigger than its grace, unlike the others."""

SIZES = st.sampled_from((100, LARGE))
TICKETS = st.sampled_from((None, None, None, None, "k1"))
HARDLY_EVER = st.sampled_from((False, False, False, False, False, False, False, True))


@attrs.frozen
class Database:
    connection: DedicatedConnection
    statements: LedgerStatements
    codec: Codec


@pytest.fixture(scope="module", params=EITHER)
def db(request) -> Iterator[Database]:
    with database(request.param) as url:
        connection = DedicatedConnection(url, WRITING)
        dialect = connection.dialect
        yield Database(connection, LedgerStatements(dialect), Codec.of(dialect.name))
        connection.close()


@st.composite
def downloads(draw, usual_size: int) -> list[Download]:
    """Downloads of one user and file in every state, most of them alike: what is left out has rivals."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        size = draw(st.sampled_from((0, 200))) if draw(HARDLY_EVER) else usual_size
        transfers = draw(st.sampled_from((0, 0, 1, 2)))
        delivered = draw(st.sampled_from((0, size // 2, size)))
        found.append(
            Download(
                id=f"d{number:02d}",
                account=ALICE,
                checksum="c1",
                size_bytes=size,
                costs_unit=True,
                ticket_id=draw(TICKETS),
                opened_at=NOW + draw(st.sampled_from((-2, -1, 0))) * HOUR,
                resume_window=HOUR,
                resumable_until=NOW + draw(st.sampled_from((-1, 0, 1, 1, 1))) * HOUR,
                delivered_bytes=delivered,
                reserved_bytes=draw(st.sampled_from((0, size // 2, size))) if transfers else 0,
                transfers=transfers,
                is_held=transfers > 0 or draw(st.sampled_from((True, True, False))),
                is_kept=delivered > 0,
                is_completed=delivered == size,
                is_poisoned=draw(st.sampled_from((False, False, True))),
                progressed_at=NOW,
            )
        )
    return found


@st.composite
def jobs(draw, usual_size: int, existing: list[Download]) -> list[Admit | Settle]:
    """Admissions of that user for that file, among them ends of the transfers that run."""
    wanted: list[Admit | Settle] = []
    for number in range(draw(st.integers(1, 3))):
        size = draw(st.sampled_from((0, 200))) if draw(HARDLY_EVER) else usual_size
        start = draw(st.sampled_from((0, size // 2, size)))
        request = a_request(
            f"t{number}",
            size=size,
            start=start,
            length=draw(st.sampled_from((size - start, (size - start) // 2))),
            ticket_id=draw(TICKETS),
        )
        wanted.append(Admit(request, NOW))
    for transfer in transfers_of(existing):
        if draw(HARDLY_EVER):
            delivered = draw(st.sampled_from((0, transfer.reserved_bytes)))
            end = Settle(transfer.id, Outcome(delivered_bytes=delivered, is_corrupt=draw(st.booleans())), NOW)
            wanted.insert(draw(st.integers(0, len(wanted))), end)
    return wanted


def transfers_of(existing: list[Download]) -> list[Transfer]:
    return [
        Transfer(
            id=f"{download.id}-{number}",
            download_id=download.id,
            account=ALICE,
            checksum="c1",
            instance_id="i1",
            start=0,
            reserved_bytes=download.reserved_bytes // download.transfers,
            progress_bytes=0,
            started_at=NOW,
            lease_until=NOW + HOUR,
        )
        for download in existing
        for number in range(download.transfers)
    ]


def an_account(existing: list[Download]) -> Account:
    return Account(key=ALICE, units_used=100, active_downloads=sum(row.transfers > 0 for row in existing))


def decisions(rows: Rows, wanted: list[Admit | Settle]) -> list[object]:
    working = WorkingSet(rows, Policy(max_connections=3))
    return [working.admit(job.request, job.now) if isinstance(job, Admit) else working.settle(job) for job in wanted]


@attrs.frozen
class Case:
    """What a user has had of a file, and what is asked for at once."""

    existing: list[Download]
    wanted: list[Admit | Settle]


@st.composite
def cases(draw) -> Case:
    usual_size = draw(SIZES)
    existing = draw(downloads(usual_size))
    return Case(existing, draw(jobs(usual_size, existing)))


def a_download(number: int, **values: object) -> Download:
    """One that was opened two hours ago, for a file of 100 bytes, and may not be resumed any more."""
    return Download(
        **{
            "id": f"d{number:02d}",
            "account": ALICE,
            "checksum": "c1",
            "size_bytes": 100,
            "costs_unit": True,
            "ticket_id": None,
            "opened_at": NOW - 2 * HOUR,
            "resume_window": HOUR,
            "resumable_until": NOW - HOUR,
            "progressed_at": NOW,
            **values,
        }
    )


ANOTHER_SIZE_IN_THE_SAME_GROUP = Case(
    [a_download(0, delivered_bytes=100, reserved_bytes=100, transfers=1, is_kept=True, is_completed=True)],
    [
        Admit(a_request("t0", size=0, start=0, length=0), NOW),
        Admit(a_request("t1", size=100, start=50, length=50), NOW),
    ],
)
"""The first request opens a download of another size; the second one has an exhausted download of the right one."""


@settings(max_examples=300)
@given(case=cases())
@example(case=ANOTHER_SIZE_IN_THE_SAME_GROUP)
def test_deciding_on_the_rows_found_is_deciding_on_all(db: Database, case: Case) -> None:
    existing, wanted = case.existing, case.wanted
    ticket = a_ticket("k1", email=ALICE.email)
    everything = Rows(
        accounts={ALICE: an_account(existing)},
        settings={},
        downloads={row.id: row for row in existing},
        transfers={row.id: row for row in transfers_of(existing)},
        tickets={(ALICE.tenant, "k1"): ticket},
    )

    def found(session: Session) -> Rows:
        store(db, session, everything)
        session.discard()
        rows = Loading(session, db.statements, db.codec, is_locking=False).rows(wanted)
        return attrs.evolve(rows, tickets=everything.tickets)

    assert decisions(db.connection.transaction(found), wanted) == decisions(everything, wanted)


def store(db: Database, session: Session, rows: Rows) -> None:
    statements, codec = db.statements, db.codec
    session.run(statements.put_accounts, rows=encoded(codec.account_row(row) for row in rows.accounts.values()))
    session.run(statements.put_downloads, rows=encoded(codec.download_row(row) for row in rows.downloads.values()))
    session.run(statements.add_transfers, rows=encoded(codec.transfer_row(row) for row in rows.transfers.values()))


@pytest.mark.parametrize(("start", "length"), [(0, 1000), (0, 1), (500, 500)], ids=["whole", "first byte", "resume"])
def test_the_rows_found_do_not_grow_with_history(db: Database, start: int, length: int) -> None:
    copies = [
        Download(
            id=f"d{number}",
            account=ALICE,
            checksum="c1",
            size_bytes=1000,
            costs_unit=True,
            ticket_id=None,
            opened_at=NOW + timedelta(microseconds=number),
            resume_window=HOUR,
            resumable_until=NOW + HOUR,
            delivered_bytes=1000,
            is_kept=True,
            is_completed=True,
            progressed_at=NOW,
        )
        for number in range(2000)
    ]

    def found(session: Session) -> Rows:
        store(
            db,
            session,
            Rows(accounts={}, settings={}, downloads={row.id: row for row in copies}, transfers={}, tickets={}),
        )
        session.discard()
        job = Admit(a_request("t1", start=start, length=length), NOW)
        return Loading(session, db.statements, db.codec, is_locking=False).rows([job])

    assert len(db.connection.transaction(found).downloads) <= 1


def test_every_read_of_the_ledger_is_a_search_by_index(db: Database) -> None:
    postgres = db.connection.dialect.name == "postgresql"
    reads = {
        name: statement
        for name, statement in vars(db.statements).items()
        if isinstance(statement, Prepared) and not name.startswith(("add_", "put_", "create_"))
    }
    key = (ALICE.tenant, ALICE.email)
    values = {
        "keys": encoded([key]),
        "ids": encoded([["x"]]),
        "moments": encoded([(*key, db.codec.stored(NOW))]),
        "tenants": encoded([["x"]]),
        "requests": encoded([(*key, "c1", 1, "", 1, True, db.codec.stored(NOW))]),
        "most": 1,
        "tickets": encoded([("x", "x")]),
    }

    def plans(session: Session) -> dict[str, list[str]]:
        explain = "EXPLAIN " if postgres else "EXPLAIN QUERY PLAN "
        return {
            name: [
                str(row[-1])
                for row in session._connection.exec_driver_sql(explain + read.text, read.parameters(values))
            ]
            for name, read in reads.items()
        }

    tables = ("account", "download", "transfer", "ticket", "tenant_setting")
    for name, plan in db.connection.transaction(plans).items():
        for line in plan:
            if postgres:
                assert "Seq Scan" not in line, (name, line)
            else:
                assert not line.startswith(tuple(f"SCAN {table}" for table in (*tables, "d_"))), (name, line)
    assert len(reads) >= 9
