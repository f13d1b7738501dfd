"""One state machine over any ledger: whatever users, instances and clocks do, the books balance.

``machine_over(environment)`` gives the machine for one kind of ledger: two instances of it on one state, next to the
oracle of ``model``, which predicts every answer and every counter from a plain log.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.account import AccountKey
from domain.limits import Limits
from tests.factories import TENANT, a_ticket
from tests.spec.machines.asks import (
    ALL_USERS,
    CHANGES,
    DURATIONS,
    ENDS,
    FATES,
    FILES,
    INSTANCES,
    LIMITS,
    NAMED_USERS,
    PICK,
    SHAPES,
    USERS,
    WHOLE,
    Change,
    Shape,
)
from tests.spec.machines.log import Ask, LoggedTicket, grace_of
from tests.spec.machines.world import EnvironmentFactory, World


class QuotaMachine(RuleBasedStateMachine):
    """Users download through two instances that crash, pause and disagree about nothing."""

    environment: EnvironmentFactory

    def __init__(self) -> None:
        super().__init__()
        self.world = World(type(self).environment)

    def teardown(self) -> None:
        try:
            self.world.check_that_nothing_is_left()
        finally:
            self.world.close()

    @initialize(with_tickets=st.booleans(), defaults=st.sampled_from([(-1, -1), (-1, 1), (5, 2), (3, 3)]))
    def begin(self, with_tickets: bool, defaults: tuple[int, int]) -> None:
        self.change_settings(*defaults, 24 * 3600)
        if with_tickets:
            self.issue_a_ticket(user=None, file="large", max_uses=1, lifetime=timedelta(hours=1))
            self.issue_a_ticket(user=USERS[0], file="small", max_uses=2, lifetime=timedelta(hours=1))

    @invariant()
    def the_books_balance(self) -> None:
        self.world.check()

    @rule(
        instance=INSTANCES,
        user=ALL_USERS,
        file=FILES,
        shape=SHAPES,
        change=CHANGES,
        fate=FATES,
    )
    def download(self, instance: int, user: str, file: str, shape: Shape, change: str, fate: str) -> None:
        self.world.download(instance, self.world.ask(instance, user, file, shape, change=change), fate)

    @rule(instance=INSTANCES, user=NAMED_USERS, file=FILES, parts=st.integers(2, 17))
    def download_in_parallel_ranges(self, instance: int, user: str, file: str, parts: int) -> None:
        for part in range(parts):
            self.world.admit(instance, self.world.ask(instance, user, file, Shape(part % 16, 1, 0)))

    @rule(users=st.tuples(NAMED_USERS, NAMED_USERS), files=st.tuples(FILES, FILES), shapes=st.tuples(SHAPES, SHAPES))
    def download_through_both_instances_at_once(
        self, users: tuple[str, str], files: tuple[str, str], shapes: tuple[Shape, Shape]
    ) -> None:
        first, second = (self.world.ask(i, users[i], files[i], shapes[i]) for i in (0, 1))
        self.world.admit_at_once((first, second))

    @precondition(lambda self: self.world.model.downloads)
    @rule(instance=INSTANCES, pick=PICK, overlap=st.sampled_from(["none", "one byte", "grace", "more"]), fate=FATES)
    def resume(self, instance: int, pick: int, overlap: str, fate: str) -> None:
        row = self.world.model.downloads[pick % len(self.world.model.downloads)]
        again = {"none": 0, "one byte": 1, "grace": grace_of(row.size), "more": grace_of(row.size) + 1}[overlap]
        start = max(0, min(row.brought() - again, row.size - 1))
        self.world.download(
            instance,
            Ask(
                user=row.user,
                file=row.file,
                size=row.size,
                counted=row.file != "free",
                start=start,
                length=row.size - start,
                transfer=self.world.number("t"),
                download=self.world.number("d"),
                instance=self.world.instances[instance],
                ticket=row.ticket,
            ),
            fate,
        )

    @precondition(lambda self: any(row.bad for row in self.world.model.downloads))
    @rule(instance=INSTANCES, pick=PICK, shapes=st.lists(SHAPES, min_size=1, max_size=3), fate=FATES)
    def go_on_with_a_poisoned_download(self, instance: int, pick: int, shapes: list[Shape], fate: str) -> None:
        bad = [row for row in self.world.model.downloads if row.bad]
        row = bad[pick % len(bad)]
        for shape in shapes:
            self.world.download(instance, self.world.ask(instance, row.user, row.file, shape, ticket=row.ticket), fate)

    @precondition(lambda self: self.world.model.downloads)
    @rule(instance=INSTANCES, pick=PICK, shape=SHAPES, fate=FATES)
    def come_back_after_the_file_was_registered_anew(self, instance: int, pick: int, shape: Shape, fate: str) -> None:
        row = self.world.model.downloads[pick % len(self.world.model.downloads)]
        change = (Change.SIZE, Change.DATA_TYPE)[pick % 2]
        ask = self.world.ask(instance, row.user, row.file, shape, ticket=row.ticket, change=change)
        self.world.download(instance, ask, fate)

    @precondition(lambda self: self.world.model.tickets)
    @rule(instance=INSTANCES, pick=PICK, shape=SHAPES, other=st.sampled_from([False] * 6 + [True]), fate=FATES)
    def download_with_a_ticket(self, instance: int, pick: int, shape: Shape, other: bool, fate: str) -> None:
        tickets = self.world.model.tickets
        ticket = tickets[sorted(tickets)[pick % len(tickets)]]
        file = "large" if other else ticket.file
        self.world.download(instance, self.world.ask(instance, ticket.user, file, shape, ticket=ticket.id), fate)

    @precondition(lambda self: any(self.world.handed_over.values()))
    @rule(instance=INSTANCES, pick=PICK, sixteenths=st.integers(0, 16))
    def hand_bytes_over(self, instance: int, pick: int, sixteenths: int) -> None:
        mine = self.world.mine(instance)
        running = self.world.model.running()
        for transfer in _picked(mine, pick):
            if transfer in running:
                length = running[transfer][1].length
                mine[transfer] = min(length, mine[transfer] + max(1, length * sixteenths // 16))

    @rule(instance=INSTANCES)
    def tell_progress(self, instance: int) -> None:
        self.world.renew(instance)

    @precondition(lambda self: any(self.world.handed_over.values()))
    @rule(instance=INSTANCES, pick=PICK, fate=ENDS)
    def end_a_transfer(self, instance: int, pick: int, fate: str) -> None:
        for transfer in _picked(self.world.mine(instance), pick):
            self.world.end(instance, transfer, fate)

    @rule(instance=INSTANCES)
    def crash(self, instance: int) -> None:
        self.world.crash(instance)

    @rule(passed=DURATIONS, alive=st.booleans())
    def let_time_pass(self, passed: timedelta, alive: bool) -> None:
        """Instances that are not alive pause: they miss their renewals, and may come back later."""
        self.world.clock.advance(passed)
        if alive:
            self.world.renew(0)
            self.world.renew(1)

    @rule(hours=st.sampled_from([-24, -1, 1]))
    def step_the_clock(self, hours: int) -> None:
        self.world.clock.step(timedelta(hours=hours))

    @rule(instance=INSTANCES)
    def sweep(self, instance: int) -> None:
        self.world.sweep(instance)

    @rule(
        instance=INSTANCES,
        user=ALL_USERS,
        files=st.sets(FILES, min_size=1),
        lasting=DURATIONS,
        change=CHANGES,
    )
    def set_a_cart_aside(self, instance: int, user: str, files: set[str], lasting: timedelta, change: str) -> None:
        asks = [self.world.ask(instance, user, file, WHOLE, change=change) for file in sorted(files)]
        self.world.reserve(instance, asks, lasting)

    @rule(instance=INSTANCES)
    def give_back_what_nobody_came_for(self, instance: int) -> None:
        self.world.give_back(instance)

    @rule(instance=INSTANCES)
    def purge(self, instance: int) -> None:
        now = self.world.clock.now()
        assert self.world.run(self.world.env.ledgers[instance].purge(now)) == self.world.model.purge(now)

    @rule(user=ALL_USERS, own=st.none() | st.tuples(LIMITS, LIMITS))
    def change_limits(self, user: str, own: tuple[int, int] | None) -> None:
        limits = None if own is None else Limits(max_quota=own[0], rate_limit=own[1])
        self.world.run(self.world.env.ledger.set_limits(AccountKey(TENANT, user), limits))
        self.world.model.set_limits(user, own)

    @rule(quota=LIMITS, rate=LIMITS, window=st.sampled_from([0, 60, 24 * 3600]))
    def change_settings(self, quota: int, rate: int, window: int) -> None:
        self.world.run(self.world.env.set(maxQuota=quota, rateLimit=rate, resumeWindow=window))
        self.world.model.max_quota, self.world.model.rate = quota, rate
        self.world.model.window = timedelta(seconds=window)

    @rule(user=ALL_USERS)
    def delete_user(self, user: str) -> None:
        existed = self.world.run(self.world.env.ledger.forget(AccountKey(TENANT, user)))
        assert existed is self.world.model.forget(user)

    @precondition(lambda self: len(self.world.model.tickets) < 4)
    @rule(
        user=st.none() | NAMED_USERS,
        file=FILES,
        max_uses=st.sampled_from([None, 1, 2]),
        lifetime=st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(days=60)]),
    )
    def issue_a_ticket(self, user: str | None, file: str, max_uses: int | None, lifetime: timedelta) -> None:
        ticket = a_ticket(
            self.world.number("k"),
            checksum=file,
            email=user,
            max_uses=max_uses,
            issued_at=self.world.clock.now(),
            expires_in=lifetime,
        )
        self.world.run(self.world.env.add_ticket(ticket))
        self.world.model.tickets[ticket.id] = LoggedTicket(
            ticket.id, ticket.account.email, file, ticket.expires_at, max_uses
        )

    @precondition(lambda self: self.world.model.tickets)
    @rule(pick=PICK)
    def revoke_a_ticket(self, pick: int) -> None:
        for ticket_id in _picked(self.world.model.tickets, pick):
            self.world.run(self.world.env.revoke(ticket_id, self.world.clock.now()))
            self.world.model.tickets[ticket_id].revoked = True

    @precondition(lambda self: self.world.model.running())
    @rule(pick=PICK)
    def ask_for_the_end_of_a_transfer(self, pick: int) -> None:
        running = self.world.model.running()
        for transfer in _picked(running, pick):
            assert self.world.run(self.world.env.ledgers[1].request_end(TENANT, transfer))
            running[transfer][1].asked_to_end = True


def machine_over(environment: EnvironmentFactory) -> type[QuotaMachine]:
    """The machine for one kind of ledger."""
    return type("QuotaMachine", (QuotaMachine,), {"environment": staticmethod(environment)})


def _picked(things: dict[str, object], pick: int) -> list[str]:
    """One of the keys, or none when there is none."""
    return sorted(things)[pick % len(things) :][:1] if things else []
