"""What must hold after every step of the quota machine, whatever happened."""

from collections.abc import Iterable, Mapping

from domain.account import Account
from domain.download import Transfer
from domain.ticket import Ticket
from tests.spec.machines.log import grace_of
from tests.spec.machines.model import Model


def counters_equal_a_recount(accounts: Mapping[str, Account], model: Model) -> None:
    """Units used and active downloads of every account are what the log adds up to, and never negative."""
    for user, account in accounts.items():
        assert (account.units_used, account.active_downloads) == (model.units(user), model.active(user)), user
        assert min(account.units_used, account.active_downloads) >= 0, user


def active_downloads_are_those_with_a_running_transfer(
    accounts: Mapping[str, Account], transfers: Iterable[Transfer], counted: set[str]
) -> None:
    """Recounted from the ledger's own list of transfers, without the log."""
    running: dict[str, set[str]] = {}
    for transfer in transfers:
        if transfer.download_id in counted:
            running.setdefault(transfer.account.email, set()).add(transfer.download_id)
    for user, account in accounts.items():
        assert account.active_downloads == len(running.get(user, ())), user


def transfers_are_those_of_the_log(transfers: Iterable[Transfer], model: Model) -> None:
    """The ledger runs what was granted and has not ended, with what is known of it."""
    assert {row.id: (row.progress_bytes, row.lease_until, row.end_requested) for row in transfers} == {
        entry.id: (entry.known, entry.lease, entry.asked_to_end) for _, entry in model.running().values()
    }


def tickets_are_used_as_logged(tickets: Mapping[str, Ticket], model: Model) -> None:
    """Uses taken, spent and given back, and never more than allowed."""
    for ticket_id, ticket in tickets.items():
        logged = model.tickets[ticket_id]
        assert (ticket.uses, ticket.spent, ticket.is_revoked) == (logged.uses, logged.spent, logged.revoked)
        assert 0 <= ticket.spent <= ticket.uses
        assert ticket.max_uses is None or ticket.uses <= ticket.max_uses


def the_admission_is_not_over(account: Account, limits: tuple[int, int], *, took_unit: bool, took_slot: bool) -> None:
    """L1, at the commit that took something."""
    quota, rate = limits
    assert not (took_unit and quota >= 0) or account.units_used <= quota
    assert not (took_slot and rate >= 0) or account.active_downloads <= rate


def no_more_is_delivered_than_the_units_buy(model: Model) -> None:
    """L2: bytes delivered <= units x (size + grace); an uncounted download has one unit that costs nothing."""
    for row in model.downloads:
        assert row.ever_brought <= row.units * (row.size + grace_of(row.size)), row.id


def no_unit_is_charged_for_nothing(model: Model) -> None:
    """L3: once nothing of a download runs, its latest unit is held exactly when something arrived, or is set aside."""
    for row in model.downloads:
        if not row.running():
            assert row.paid == (row.kept or row.reserved is not None), row.id
