"""The life of one ticket: its state only moves forward, whatever downloads, revocations and time do.

Downloads go through the rules themselves (``domain.quota`` and ``domain.settlement``), without a ledger around them.
"""

from datetime import timedelta

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.download import Download, Transfer
from domain.quota import ConnectionsExceeded, Granted, Policy, TicketNotValid, decide
from domain.settlement import Outcome, settle
from domain.ticket import TicketState
from tests.factories import SIZE, a_request, a_ticket, an_account, settings
from tests.fakes.fixed_clock import FixedClock


class TicketMachine(RuleBasedStateMachine):
    """One ticket, any number of downloads through it, and a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.policy = Policy()
        self.downloads: dict[str, Download] = {}
        self.transfers: dict[str, Transfer] = {}
        self.numbers = 0

    @initialize(
        max_uses=st.none() | st.integers(1, 3),
        lifetime=st.sampled_from([60, 3600, 24 * 3600]).map(lambda seconds: timedelta(seconds=seconds)),
    )
    def issue(self, max_uses: int | None, lifetime: timedelta) -> None:
        self.ticket = a_ticket(max_uses=max_uses, expires_in=lifetime)
        self.account = an_account(self.ticket.account)
        self.last_state = TicketState.ISSUED

    @rule(start=st.sampled_from([0, 0, 1, SIZE // 2]))
    def download(self, start: int) -> None:
        now = self.clock.now()
        self.numbers += 1
        was_refused = not self.ticket.may_open(now)
        decision = decide(
            a_request(f"t{self.numbers}", account=self.ticket.account, ticket_id=self.ticket.id, start=start),
            account=self.account,
            settings=settings(),
            downloads=self.downloads.values(),
            ticket=self.ticket,
            policy=self.policy,
            now=now,
        )
        if isinstance(decision, Granted):
            assert decision.ticket is not None
            assert not (decision.opened and was_refused), "a ticket opened that may not open"
            assert not self.ticket.is_revoked
            self.ticket, self.account = decision.ticket, decision.account
            self.downloads[decision.download.id] = decision.download
            self.transfers[decision.transfer.id] = decision.transfer
        elif isinstance(decision, TicketNotValid):
            assert was_refused, "a ticket that may open was refused"
        else:
            assert isinstance(decision, ConnectionsExceeded), "nothing else stands in the way of a ticket's own account"

    @precondition(lambda self: self.transfers)
    @rule(pick=st.integers(0, 9), delivered=st.sampled_from([0, 0, 1, SIZE // 2, SIZE]), corrupt=st.booleans())
    def end(self, pick: int, delivered: int, corrupt: bool) -> None:
        transfer = self.transfers.pop(sorted(self.transfers)[pick % len(self.transfers)])
        delivered = min(delivered, transfer.reserved_bytes)
        result = settle(
            Outcome(
                delivered_bytes=delivered,
                is_completed=delivered == transfer.reserved_bytes and not corrupt,
                is_corrupt=corrupt,
            ),
            account=self.account,
            download=self.downloads[transfer.download_id],
            transfer=transfer,
            ticket=self.ticket,
            now=self.clock.now(),
        )
        assert result.ticket is not None
        self.ticket, self.account = result.ticket, result.account
        self.downloads[result.download.id] = result.download

    @rule(passed=st.sampled_from([1, 59, 3600, 24 * 3600]))
    def let_time_pass(self, passed: int) -> None:
        self.clock.advance(timedelta(seconds=passed))

    @rule()
    def revoke(self) -> None:
        self.ticket = self.ticket.revoked(self.clock.now())

    @invariant()
    def the_state_only_moves_forward(self) -> None:
        if hasattr(self, "ticket"):
            state = self.ticket.state(self.clock.now())
            assert state >= self.last_state
            self.last_state = state

    @invariant()
    def uses_are_those_of_downloads_that_hold_or_kept_one(self) -> None:
        if not hasattr(self, "ticket"):
            return
        assert 0 <= self.ticket.spent <= self.ticket.uses
        assert self.ticket.max_uses is None or self.ticket.uses <= self.ticket.max_uses
        waiting = [row for row in self.downloads.values() if row.is_held and not row.is_kept]
        assert self.ticket.uses == self.ticket.spent + len(waiting)

    @invariant()
    def nobody_pays(self) -> None:
        if hasattr(self, "ticket"):
            assert self.account == attrs.evolve(self.account, units_used=0, active_downloads=0)
