"""A holder searches for a way to get more than was paid for, with the bare rules and no ledger around them.

Hypothesis is told to push bytes per unit upwards (``target``), so that it hunts for a sequence that breaks the bound.
"""

from datetime import timedelta

from hypothesis import note, target
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.download import Download, Transfer, grace_bytes
from domain.quota import Granted, Policy, decide
from domain.settlement import Outcome, settle
from tests.factories import a_request, an_account, limits, settings
from tests.fakes.fixed_clock import FixedClock

MEBIBYTE = 1024 * 1024


class HolderMachine(RuleBasedStateMachine):
    """One user, one counted file, every order of asking, ending and waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.account = an_account()
        self.downloads: dict[str, Download] = {}
        self.transfers: dict[str, Transfer] = {}
        self.unit: dict[str, int] = {}
        """By download: how many units have been charged for it so far."""
        self.delivered: dict[tuple[str, int], int] = {}
        """Bytes of use, by download and unit."""
        self.kept: set[tuple[str, int]] = set()
        self.numbers = 0
        self.size = 1

    @initialize(
        size=st.sampled_from([1, 2, 1000, 8 * MEBIBYTE, 9 * MEBIBYTE, 170 * MEBIBYTE, 1024 * MEBIBYTE]),
        quota=st.sampled_from([-1, 1, 2, 5]),
        rate=st.sampled_from([-1, 1, 2]),
        window=st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=1)]),
    )
    def begin(self, size: int, quota: int, rate: int, window: timedelta) -> None:
        self.size = size
        self.settings = settings(resume_window=window)
        self.account = an_account(own=limits(quota, rate))

    @rule(
        where=st.sampled_from([0, 0, 1, 2, 4, 8, 15]),
        shift=st.sampled_from([0, 0, 1, -1]),
        amount=st.sampled_from(["rest", "rest", "grace", "half", "one byte"]),
    )
    def ask(self, where: int, shift: int, amount: str) -> None:
        start = min(max(self.size * where // 16 + shift, 0), self.size - 1)
        wanted = {"rest": self.size, "grace": grace_bytes(self.size), "half": self.size // 2, "one byte": 1}[amount]
        length = max(1, min(wanted, self.size - start))
        self.numbers += 1
        decision = decide(
            a_request(f"t{self.numbers:03d}", size=self.size, start=start, length=length),
            account=self.account,
            settings=self.settings,
            downloads=self.downloads.values(),
            ticket=None,
            policy=Policy(),
            now=self.clock.now(),
        )
        note(f"{start}+{length} of {self.size} -> {type(decision).__name__}")
        if isinstance(decision, Granted):
            self.account = decision.account
            self.downloads[decision.download.id] = decision.download
            self.transfers[decision.transfer.id] = decision.transfer
            self.unit[decision.download.id] = self.unit.get(decision.download.id, 0) + decision.opened

    @precondition(lambda self: self.transfers)
    @rule(
        pick=st.integers(0, 31),
        part=st.sampled_from(["all", "all", "all but one byte", "half", "one byte", "nothing"]),
        corrupt=st.sampled_from([False] * 7 + [True]),
    )
    def end(self, pick: int, part: str, corrupt: bool) -> None:
        transfer = self.transfers.pop(sorted(self.transfers)[pick % len(self.transfers)])
        length = transfer.reserved_bytes
        sent = {"all": length, "all but one byte": length - 1, "half": length // 2, "one byte": 1, "nothing": 0}[part]
        result = settle(
            Outcome(delivered_bytes=sent, is_completed=sent == length and not corrupt, is_corrupt=corrupt),
            account=self.account,
            download=self.downloads[transfer.download_id],
            transfer=transfer,
            ticket=None,
            now=self.clock.now(),
        )
        self.account = result.account
        self.downloads[result.download.id] = result.download
        paid = transfer.download_id, self.unit[transfer.download_id]
        self.delivered[paid] = 0 if corrupt else self.delivered.get(paid, 0) + sent
        if self.delivered[paid]:
            self.kept.add(paid)

    @rule(seconds=st.sampled_from([1, 3600, 24 * 3600, 31 * 24 * 3600]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def no_more_bytes_than_the_units_buy(self) -> None:
        in_flight = sum(transfer.reserved_bytes for transfer in self.transfers.values())
        promised = sum(self.delivered.values()) + in_flight
        assert promised <= self.account.units_used * (self.size + grace_bytes(self.size))

    @invariant()
    def every_counter_is_what_a_recount_gives(self) -> None:
        for download in self.downloads.values():
            own = [transfer for transfer in self.transfers.values() if transfer.download_id == download.id]
            assert download.transfers == len(own)
            assert download.reserved_bytes == sum(transfer.reserved_bytes for transfer in own)
            assert download.delivered_bytes >= 0
        running = {transfer.download_id for transfer in self.transfers.values()}
        assert self.account.active_downloads == len(running)
        assert self.account.units_used >= sum(download.is_held for download in self.downloads.values())

    @invariant()
    def when_nothing_runs_exactly_the_units_that_brought_something_are_charged(self) -> None:
        if not self.transfers:
            assert self.account.units_used == len(self.kept)

    @invariant()
    def limits_are_never_passed(self) -> None:
        own = self.account.limits
        if own is not None:
            assert own.max_quota < 0 or self.account.units_used <= own.max_quota
            assert own.rate_limit < 0 or self.account.active_downloads <= own.rate_limit

    def teardown(self) -> None:
        if self.account.units_used:
            target(sum(self.delivered.values()) / (self.account.units_used * self.size), label="copies per unit")
