"""Two instances of the service around one ledger's state, driven step by step next to the oracle."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TypeVar

from hypothesis import note

from domain.account import Account, AccountKey
from domain.quota import Granted, Policy, Refusal
from domain.reservation import Reserved
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment
from tests.factories import TENANT
from tests.fakes.fixed_clock import FixedClock
from tests.spec.machines import invariants
from tests.spec.machines.asks import SIZES, USERS, Change, Fate, Shape, request_of
from tests.spec.machines.log import Ask
from tests.spec.machines.model import LEASE, Model, Verdict

T = TypeVar("T")
EnvironmentFactory = Callable[[Policy], AbstractAsyncContextManager[LedgerEnvironment]]


class World:
    """The ledger under test, the oracle, and what each instance remembers of its own transfers."""

    def __init__(self, environment: EnvironmentFactory) -> None:
        self._runner = asyncio.Runner()
        self._numbers = 0
        self._context = environment(Policy(lease=LEASE))
        self.clock = FixedClock()
        self.model = Model()
        self.env = self.run(self._context.__aenter__())
        self.run(self.env.prepare())
        self.instances = ["instance-a", "instance-b"]
        self.handed_over: dict[str, dict[str, int]] = {name: {} for name in self.instances}
        """By instance: its transfers, with the bytes that it has handed to the client."""
        self.counted: set[str] = set()

    def run(self, awaitable: Awaitable[T]) -> T:
        """Drive the asynchronous ledger from a synchronous machine."""

        async def awaited() -> T:
            return await awaitable

        return self._runner.run(awaited())

    def close(self) -> None:
        try:
            self.run(self._context.__aexit__(None, None, None))
        finally:
            self._runner.close()

    def number(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}{self._numbers:04d}"

    def mine(self, instance: int) -> dict[str, int]:
        """The transfers that an instance believes to run."""
        return self.handed_over[self.instances[instance]]

    def ask(
        self,
        instance: int,
        user: str,
        file: str,
        shape: Shape,
        *,
        ticket: str | None = None,
        change: str = Change.NOTHING,
    ) -> Ask:
        size = SIZES[file] + (change == Change.SIZE)
        start, length = shape.of(size)
        return Ask(
            user=user,
            file=file,
            size=size,
            counted=(file == "free") == (change == Change.DATA_TYPE),
            start=start,
            length=length,
            transfer=self.number("t"),
            download=self.number("d"),
            instance=self.instances[instance],
            ticket=ticket,
        )

    def download(self, instance: int, ask: Ask, fate: str) -> None:
        """One admission, and what becomes of it when it is granted."""
        self.admit(instance, ask)
        if ask.transfer in self.mine(instance) and fate != Fate.RUNS:
            self.end(instance, ask.transfer, fate)

    def end(self, instance: int, transfer: str, fate: str) -> None:
        """The end of a transfer that the instance still believes to run."""
        running = self.model.running()
        length = running[transfer][1].length if transfer in running else 1
        sent = self.mine(instance)[transfer]
        if fate == Fate.FINISHES:
            outcome = Outcome(delivered_bytes=length, is_completed=True)
        elif fate == Fate.IS_CORRUPT:
            outcome = Outcome(delivered_bytes=sent, is_corrupt=True)
        else:
            outcome = Outcome(delivered_bytes=sent if sent or fate == Fate.IS_ABORTED else length // 2)
        self.settle(instance, transfer, outcome)

    def admit(self, instance: int, ask: Ask) -> None:
        """One admission: the answer is the oracle's, and a refusal changes nothing."""
        now = self.clock.now()
        expected = self.model.admit(ask, now)
        before = self.run(self.env.snapshot()) if expected.why else None
        note(f"{ask} -> {expected}")
        decision = self.run(self.env.ledgers[instance].admit(request_of(ask), now))
        assert agrees(decision, expected), f"{decision} is not {expected}"
        if isinstance(decision, Granted):
            self._granted(ask, decision, expected)
        else:
            assert self.run(self.env.snapshot()) == before, "a refusal changed something"

    def admit_at_once(self, asks: tuple[Ask, Ask]) -> None:
        """One admission through each instance at the same moment: the result is that of one order, or the other."""
        now = self.clock.now()

        async def both() -> list[Granted | Refusal]:
            return await asyncio.gather(
                *(ledger.admit(request_of(ask), now) for ledger, ask in zip(self.env.ledgers, asks, strict=True))
            )

        decisions = self.run(both())
        note(f"{asks} -> {decisions}")
        for order in ((0, 1), (1, 0)):
            trial = self.model.copied()
            verdicts = {position: trial.admit(asks[position], now) for position in order}
            if all(agrees(decisions[position], verdicts[position]) for position in order):
                self.model = trial
                break
        else:
            raise AssertionError("neither order explains what was decided")
        for ask, decision in zip(asks, decisions, strict=True):
            if isinstance(decision, Granted):
                self._remember(ask, decision)

    def settle(self, instance: int, transfer: str, outcome: Outcome) -> None:
        """The end of a transfer, as the instance that ran it tells it; maybe somebody else has settled it already."""
        now = self.clock.now()
        expected = self.model.end(
            transfer, outcome.delivered_bytes, whole=outcome.is_completed, corrupt=outcome.is_corrupt, now=now
        )
        assert self.run(self.env.ledgers[instance].settle(transfer, outcome, now)) is expected
        self.mine(instance).pop(transfer, None)

    def renew(self, instance: int) -> None:
        """One tick of an instance: it tells progress, and learns what it lost."""
        name, until = self.instances[instance], self.clock.now() + LEASE
        expected = self.model.renew(name, dict(self.mine(instance)), until)
        renewal = self.run(self.env.ledgers[instance].renew(name, dict(self.mine(instance)), until))
        assert (renewal.lost, renewal.end_requested) == expected
        for transfer in renewal.lost:
            del self.mine(instance)[transfer]

    def sweep(self, instance: int) -> None:
        now = self.clock.now()
        assert self.run(self.env.ledgers[instance].sweep(now)) == self.model.end_expired(now)

    def reserve(self, instance: int, asks: Sequence[Ask], lasting: timedelta) -> None:
        """A cart is set aside as the oracle says, or nothing of it is."""
        now = self.clock.now()
        expected = self.model.reserve(asks, now + lasting, now)
        before = self.run(self.env.snapshot()) if isinstance(expected, tuple) else None
        requests = [request_of(ask) for ask in asks]
        note(f"{asks} -> {expected}")
        decision = self.run(self.env.ledgers[instance].reserve(requests, now + lasting, now))
        if isinstance(decision, Reserved):
            assert decision.units == expected
            self.counted |= {row.id for row in decision.downloads if row.costs_unit}
            quota = self.model.limits_of(asks[0].user)[0]
            assert not decision.units or quota < 0 or decision.account.units_used <= quota
        else:
            assert (decision.limit, decision.current) == expected
            assert self.run(self.env.snapshot()) == before, "a refusal changed something"

    def give_back(self, instance: int) -> None:
        now = self.clock.now()
        assert self.run(self.env.ledgers[instance].give_back(now)) == self.model.give_back(now)

    def crash(self, instance: int) -> None:
        """The instance is gone with all it remembers; another takes its place."""
        del self.handed_over[self.instances[instance]]
        self.instances[instance] = self.number("instance-")
        self.handed_over[self.instances[instance]] = {}

    def check(self) -> None:
        """Compare everything that can be seen with the oracle."""
        emails = [*USERS, *(ticket.user for ticket in self.model.tickets.values())]
        found = self.run(self.env.ledger.accounts([AccountKey(TENANT, email) for email in emails]))
        accounts = {key.email: account for key, account in found.items()}
        assert set(accounts) & set(USERS) == self.model.accounts & set(USERS)
        accounts |= {email: Account(key=AccountKey(TENANT, email)) for email in emails if email not in accounts}
        transfers = self.run(self.env.ledger.transfers(TENANT))
        tickets = {ticket_id: self.run(self.env.ticket(ticket_id)) for ticket_id in self.model.tickets}
        invariants.counters_equal_a_recount(accounts, self.model)
        invariants.active_downloads_are_those_with_a_running_transfer(accounts, transfers, self.counted)
        invariants.transfers_are_those_of_the_log(transfers, self.model)
        invariants.tickets_are_used_as_logged(tickets, self.model)
        invariants.no_more_is_delivered_than_the_units_buy(self.model)
        invariants.no_unit_is_charged_for_nothing(self.model)

    def check_that_nothing_is_left(self) -> None:
        """After every lease has passed, and one sweep, nothing runs, nothing is lost, and every event was told once."""
        last = max((entry.lease for _, entry in self.model.running().values()), default=self.clock.now())
        self.clock.step(max(last - self.clock.now(), LEASE - LEASE))
        self.sweep(0)
        self.check()
        last = max((row.reserved for row in self.model.downloads if row.reserved), default=self.clock.now())
        self.clock.step(max(last - self.clock.now(), LEASE - LEASE))
        self.give_back(0)
        self.check()
        assert not any(row.reserved for row in self.model.downloads)
        assert self.run(self.env.ledger.transfers(TENANT)) == ()
        told = [(event.type, event.payload["download_id"]) for event in self.run(self.env.events())]
        assert sorted(told) == sorted(self.model.events)

    def _granted(self, ask: Ask, decision: Granted, expected: Verdict) -> None:
        row, entry = self.model.running()[ask.transfer]
        assert decision.download.id == expected.download
        assert (decision.transfer.reserved_bytes, decision.transfer.lease_until) == (entry.length, entry.lease)
        invariants.the_admission_is_not_over(
            decision.account,
            self.model.limits_of(ask.user),
            took_unit=decision.opened and row.counted,
            took_slot=row.counted and len(row.running()) == 1,
        )
        self._remember(ask, decision)

    def _remember(self, ask: Ask, decision: Granted) -> None:
        self.handed_over[ask.instance][ask.transfer] = 0
        if decision.download.costs_unit:
            self.counted.add(decision.download.id)


def agrees(decision: Granted | Refusal, expected: Verdict) -> bool:
    """Whether a decision is what the oracle said."""
    if isinstance(decision, Granted):
        return expected.why is None and (decision.opened, decision.whole_file) == (expected.opened, expected.whole)
    reached = (decision.limit, decision.current) if hasattr(decision, "limit") else None
    return (type(decision).__name__, reached) == (expected.why, expected.reached)
