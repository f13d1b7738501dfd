"""One state machine over any unit of work: whatever groups, workers and storages do, nothing overfills or hangs."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.restoration import RequestState
from tests.spec.machines.restoration_world import FILES, LIMIT, TOO_LARGE, Death, Environment, RestorationWorld, Sight

WORKERS = st.sampled_from(["w1", "w2"])
JOBS = st.sampled_from(["start", "follow", "follow", "copy", "copy", "expire", "check"])
DEATHS = st.builds(Death, at_commit=st.integers(1, 3), is_committed=st.booleans())
WANTED = st.lists(st.sampled_from([*FILES, "unknown"]), min_size=1, max_size=5, unique=True)
TIMES = st.sampled_from([timedelta(seconds=10), timedelta(minutes=2), timedelta(hours=1), timedelta(days=2)])


class RestorationMachine(RuleBasedStateMachine):
    """Groups ask, cancel and give back; workers work and die; storages take their time and fail; time passes."""

    environment: Environment

    def __init__(self) -> None:
        super().__init__()
        self.world = RestorationWorld(type(self).environment)
        self.asked: dict[str, tuple[str, ...]] = {}
        self.expiries: dict[str, tuple[object, object]] = {}
        self.may_shorten: set[str] = set()

    def teardown(self) -> None:
        try:
            self.everything_ends()
        finally:
            self.world.close()

    @rule(wanted=WANTED, hours=st.sampled_from([1, 2, 24, 72]))
    def ask(self, wanted: list[str], hours: int) -> None:
        group = f"g{len(self.asked):03d}"
        self.asked[group] = tuple(wanted)
        self.world.ask(group, wanted, hours)

    @precondition(lambda self: self.asked)
    @rule(pick=st.integers(0, 99), hours=st.sampled_from([1, 72]))
    def ask_again(self, pick: int, hours: int) -> None:
        group = sorted(self.asked)[pick % len(self.asked)]
        self.world.ask(group, self.asked[group], hours)

    @precondition(lambda self: self.asked)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        self.world.cancel(sorted(self.asked)[pick % len(self.asked)])

    @precondition(lambda self: self.asked)
    @rule(pick=st.integers(0, 99), all_of_it=st.booleans())
    def give_back(self, pick: int, all_of_it: bool) -> None:
        group = sorted(self.asked)[pick % len(self.asked)]
        some = self.asked[group] if all_of_it else self.asked[group][:1]
        self.may_shorten.update(some)
        self.world.release(group, None if all_of_it else some)

    @rule(worker=WORKERS, job=JOBS)
    def work(self, worker: str, job: str) -> None:
        self.world.let_work(worker, job)

    @rule(worker=WORKERS)
    def work_through(self, worker: str) -> None:
        for job in ("expire", "start", "follow", "copy"):
            self.world.let_work(worker, job)

    @rule(worker=WORKERS, job=JOBS, death=DEATHS)
    def die_at_work(self, worker: str, job: str, death: Death) -> None:
        self.world.let_work(worker, job, Death(death.at_commit, death.is_committed))

    @rule(all_of_them=st.booleans())
    def storages_finish(self, all_of_them: bool) -> None:
        for storage in (self.world.tape, self.world.vault):
            for url in storage.restoring()[: None if all_of_them else 1]:
                storage.finish(url)

    @rule(passed=TIMES)
    def time_passes(self, passed: timedelta) -> None:
        self.world.clock.advance(passed)

    @invariant()
    def all_is_well(self) -> None:
        sight = self.world.look()
        assert sum(sight.used) <= LIMIT
        assert self.world.cache.most_bytes <= LIMIT
        assert self.world.tape.needless == []
        assert self.world.vault.needless == []
        self.what_is_kept_is_kept_unless_given_back(sight)
        self.a_group_ends_once_and_only_when_nothing_waits(sight)

    def what_is_kept_is_kept_unless_given_back(self, sight: Sight) -> None:
        for checksum, (published_at, expires_at) in self.expiries.items():
            copy = sight.copies.get(checksum)
            if copy is not None and copy.published_at == published_at:
                assert copy.expires_at >= expires_at or checksum in self.may_shorten
            if copy is None:
                assert self.world.clock.now() >= expires_at, "it left before its time"
        self.expiries = {key: (copy.published_at, copy.expires_at) for key, copy in sight.copies.items()}
        self.may_shorten.clear()

    def a_group_ends_once_and_only_when_nothing_waits(self, sight: Sight) -> None:
        assert len(set(sight.told)) == len(sight.told)
        ended = {group for kind, group in sight.told if kind == "RestorationGroupEnded"}
        for group in sight.groups:
            assert group.has_ended == (group.group_id not in sight.waiting) == (group.group_id in ended)

    def everything_ends(self) -> None:
        """However bad it was: when storages go on, nobody waits for ever."""
        for _ in range(60):
            if not self.world.look().waiting:
                break
            self.world.clock.advance(timedelta(minutes=2))
            self.work_through("w1")
            self.storages_finish(all_of_them=True)
            self.world.clock.advance(timedelta(seconds=10))
            self.work_through("w2")
            self.world.clock.advance(timedelta(hours=24))
        assert all(group.has_ended for group in self.world.look().groups)
        for request in self.world.requests():
            if request.checksum in TOO_LARGE or request.checksum not in FILES:
                assert request.state in {RequestState.FAILED, RequestState.CANCELLED}
            elif request.state is RequestState.FAILED:
                assert request.reason
        self.all_is_well()


def machine_over(environment: Environment) -> type[RestorationMachine]:
    """The machine for one kind of unit of work."""
    return type("RestorationMachineHere", (RestorationMachine,), {"environment": staticmethod(environment)})
